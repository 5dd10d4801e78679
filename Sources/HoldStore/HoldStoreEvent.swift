public import Holds
public import Postgres

/// Something in the store that an operator may want to read of, or to count.
public enum HoldStoreEvent: Sendable {
  /// An operation has an outcome, which its caller hears next.
  case answered(HoldOperation, HoldOutcome)

  /// Operations are in a commit for the first time: how long each of them waited for it.
  case begun(waitMicroseconds: [Int])

  /// A commit of this many operations succeeded, and took so long.
  case committed(operations: Int, microseconds: Int)

  /// This many operations were put off, because another session had locked a row that they need.
  case deferred(operations: Int)

  /// The database would refuse commits: what it said.
  case commitsRefused(String)

  /// Whether commits lock the tickets, so that no sale commits between decision and commit.
  case strictSales(Bool)

  /// A connection could not be opened; it will be tried again.
  case connectFailed(PostgresError)

  /// A batch of this many operations failed, and what the committer does about it.
  case batchFailed(PostgresError, operations: Int, consequence: Consequence)

  /// It was not known whether a batch of this many operations was committed, and has been looked up.
  case batchResolved(Resolution, operations: Int)

  /// The seats of an event could not be read for a choice among them.
  case seatsNotRead(PostgresError)

  /// A sweep ended.
  case swept(Sweeper.Result)

  /// A sweep failed; the next one will try again.
  case sweepFailed(PostgresError)

  /// Days of the history could not be made or dropped; it is tried again in a minute.
  case historyFailed(PostgresError)

  /// A question for a seat map or a list failed; whoever asked has been told.
  case readFailed(PostgresError)

  /// What becomes of the operations of a failed batch.
  public enum Consequence: String, Sendable, CaseIterable {
    /// They are run again together.
    case retried

    /// They are run again in two batches.
    case divided

    /// Their callers are told that nothing was changed.
    case refused

    /// They may have been committed, which is being looked up.
    case lookedUp
  }

  /// What became of a batch that was looked up.
  public enum Resolution: String, Sendable, CaseIterable {
    /// It had been committed: its callers are given the outcomes.
    case committed

    /// It had not, and never will be: its operations are run again.
    case rerun

    /// No server could be asked in time: callers are told that the outcome is unknown.
    case unknown
  }
}
