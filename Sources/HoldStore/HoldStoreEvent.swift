public import Postgres

/// Something in the store that an operator may want to read of.
public enum HoldStoreEvent: Sendable {
  /// A connection could not be opened; it will be tried again.
  case connectFailed(PostgresError)

  /// A batch of this many operations failed, and what the committer does about it.
  case batchFailed(PostgresError, operations: Int, consequence: Consequence)

  /// The connection was lost under a batch of this many operations, and what was then found out.
  case batchResolved(Resolution, operations: Int)

  /// A sweep deleted this many expired rows.
  case swept(rows: Int)

  /// A sweep failed; the next one will try again.
  case sweepFailed(PostgresError)

  /// What becomes of the operations of a failed batch.
  public enum Consequence: String, Sendable {
    /// They are run again together.
    case retried

    /// Each is run again in a batch of its own.
    case split

    /// Their callers are told that nothing was changed.
    case refused

    /// It is being looked up what became of them.
    case lookedUp
  }

  /// What became of a batch whose connection was lost.
  public enum Resolution: String, Sendable {
    /// It had been committed: its callers are given the outcomes.
    case committed

    /// It had not, and never will be: its operations are run again.
    case rerun

    /// No server could be asked in time: callers are told that the outcome is unknown.
    case unknown
  }
}
