internal import Holds
internal import Postgres
internal import Threads

/// The number under which a committer's next batch is recorded in `holdfast_commits`, in the
/// transaction of the batch itself; see the table's SQL file.
struct CommitRecord {
  /// How many rows of its own a committer keeps, at most.
  private static let keptRows: Int64 = 256

  /// Chosen at random: no two committers share one.
  let committer = Int64.random(in: 1 ... .max)

  private(set) var batch: Int64 = 1

  /// Goes on to the next number.
  mutating func advance() { batch += 1 }

  /// What became of the batch: nil if it was not committed, and never will be, however late the
  /// server that has it may be.
  ///
  /// - Throws: Also `lockNotAvailable`, while the batch's transaction is still in progress. A row that
  ///   is found is written once more: once this is durable, the batch is.
  func resolve(
    _ operations: [HoldOperation], heldTicketLimit: Int = 0, by calls: CommitCalls = .plain,
    on connection: PostgresConnection, deadline: Instant
  ) throws(PostgresError) -> CommitVerdicts? {
    let result = try connection.execute(
      calls.lookUp, calls.adding([.int64(committer), .int64(batch)]), deadline: deadline)
    if result.isNull(row: 0, column: 0) { return nil }
    return try CommitVerdicts(result, of: operations, heldTicketLimit: heldTicketLimit)
  }

  /// Deletes records that nobody needs any more, once for many batches; see `purge.sql`.
  ///
  /// The committers do it, so that it happens wherever there are records, and no caller waits for it
  /// longer than for another batch.
  func purgeOld(
    by calls: CommitCalls = .plain, on connection: PostgresConnection, deadline: Instant
  ) {
    guard batch % Self.keptRows == 0 else { return }
    // A key's server has been at other batches' turns before, at which it was not this one's.
    let first = calls.key == nil ? batch - Self.keptRows : 1
    // Another time will do as well.
    _ = try? connection.execute(
      calls.purge, calls.adding([.int64(committer), .int64(first), .int64(batch - 1)]),
      deadline: deadline)
  }
}
