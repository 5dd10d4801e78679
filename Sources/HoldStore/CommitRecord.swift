internal import Holds
internal import Postgres
internal import Threads

/// The number under which a committer's next batch is recorded in `holdfast_commits`, in the
/// transaction of the batch itself; see the table's SQL file.
struct CommitRecord {
  /// How many rows of its own a committer keeps at most, give or take those of its last batch.
  private static let keptRows: Int64 = 256

  private static let lookUp = PreparedStatement(
    name: "holdfast_look_up",
    sql: """
      INSERT INTO holdfast_commits AS c (committer, batch) VALUES ($1, $2)
          ON CONFLICT (committer, batch) DO UPDATE SET entered_at = c.entered_at
      RETURNING outcomes, expiries, reasons, waits, decided_at
      """)

  private static let forget = PreparedStatement(
    name: "holdfast_forget",
    sql: """
      DELETE FROM holdfast_commits
       WHERE committer = $1 AND batch BETWEEN $2 AND $3 AND outcomes IS NOT NULL
      """)

  /// Chosen at random: no two committers share one.
  let committer = Int64.random(in: 1 ... .max)

  private(set) var batch: Int64 = 1

  /// Goes on to the next number.
  mutating func advance() { batch += 1 }

  /// What became of the batch: nil if it was not committed, and never will be, however late the
  /// server that has it may be.
  ///
  /// - Throws: Also `lockNotAvailable`, while the batch's transaction is still under way. A row that
  ///   is found is written once more, so that this commit's being durable means the batch's is.
  func resolve(
    _ operations: [HoldOperation], on connection: PostgresConnection, deadline: Instant
  ) throws(PostgresError) -> CommitVerdicts? {
    let result = try connection.execute(
      Self.lookUp, [.int64(committer), .int64(batch)], deadline: deadline)
    return result.isNull(row: 0, column: 0) ? nil : CommitVerdicts(result, of: operations)
  }

  /// Deletes rows of batches whose callers have long been answered, once for many batches.
  ///
  /// Those that a look-up made stay: nobody knows how late the batch may be that they keep out.
  func forgetOld(on connection: PostgresConnection, deadline: Instant) {
    guard batch % Self.keptRows == 0 else { return }
    // What a failure leaves behind, the sweep takes.
    _ = try? connection.execute(
      Self.forget, [.int64(committer), .int64(batch - Self.keptRows), .int64(batch - 1)],
      deadline: deadline)
  }
}
