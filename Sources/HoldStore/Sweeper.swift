public import Postgres
public import Threads

/// Deletes expired rows, a stretch of pages at a time, leaving out rows that somebody has locked.
///
/// It is hygiene: an expired row holds nothing, whether or not anybody deletes it.
public struct Sweeper: Sendable {
  /// One at a time: an arbitrary number, the same in every instance.
  private static let advisoryLock = "5224316478213"

  private static let chunk = PreparedStatement(
    name: "holdfast_sweep",
    sql: """
      DELETE FROM tickets_blocked
       WHERE ctid = ANY (ARRAY(
               SELECT ctid FROM tickets_blocked
                WHERE ctid >= ('(' || $1::text || ',0)')::tid
                  AND ctid < ('(' || $2::text || ',0)')::tid
                  AND (locked_up > clock_timestamp()) IS NOT TRUE
                  FOR UPDATE SKIP LOCKED))
      """)

  private let pool: Pool
  private let pagesPerStatement: Int

  /// Sweeps through connections of `pool`, `pagesPerStatement` pages of 8 KiB at a time.
  public init(pool: Pool, pagesPerStatement: Int) {
    self.pool = pool
    self.pagesPerStatement = pagesPerStatement
  }

  /// Deletes every row that had expired when it began, and tells how many.
  ///
  /// A connection that is lost meanwhile is no matter: it begins again with another.
  public func sweep(deadline: Instant) throws(PostgresError) -> Int {
    while true {
      do throws(PostgresError) {
        return try pool.withConnection(deadline: deadline) { connection throws(PostgresError) in
          try Self.sweep(connection, pagesPerStatement: pagesPerStatement, deadline: deadline)
        }
      } catch {
        guard error.code == .connectionLost, Instant.now < deadline else { throw error }
      }
    }
  }

  /// Does the same unless another instance is at it; nil then.
  public func sweepUnlessUnderWay(deadline: Instant) throws(PostgresError) -> Int? {
    try pool.withConnection(deadline: deadline) { connection throws(PostgresError) in
      let isOurs = try connection.query(
        "SELECT pg_try_advisory_lock(\(Self.advisoryLock))", deadline: deadline
      ).bool(row: 0, column: 0)
      guard isOurs else { return nil }
      // A lock that outlived its sweep would keep every other instance from sweeping.
      defer {
        _ = try? connection.query(
          "SELECT pg_advisory_unlock(\(Self.advisoryLock))", deadline: deadline)
      }
      return try Self.sweep(
        connection, pagesPerStatement: pagesPerStatement, deadline: deadline)
    }
  }

  /// Deletes, on one connection, every row that had expired when it began, and tells how many.
  public static func sweep(
    _ connection: PostgresConnection, pagesPerStatement: Int, deadline: Instant
  ) throws(PostgresError) -> Int {
    let pages = try connection.query(
      """
      SELECT pg_relation_size('tickets_blocked') / current_setting('block_size')::int
      """, deadline: deadline
    ).integer(row: 0, column: 0)
    var count = 0
    for first in stride(from: 0, through: pages, by: pagesPerStatement) {
      count += try connection.execute(
        chunk, [.text("\(first)"), .text("\(first + pagesPerStatement)")], deadline: deadline
      ).affectedRowCount
    }
    // What committers left behind that ended long ago.
    try connection.query(
      "DELETE FROM holdfast_commits WHERE entered_at < now() - interval '1 day'",
      deadline: deadline)
    return count
  }
}
