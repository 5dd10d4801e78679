public import Postgres
public import Threads

/// Deletes expired rows, a stretch of pages at a time, except those that another session has locked.
///
/// It is housekeeping: an expired row holds nothing, whether or not it has been deleted.
public struct Sweeper: Sendable {
  /// What a sweep deleted.
  public struct Result: Sendable, Equatable {
    /// All rows that it deleted.
    public var rows = 0

    /// Those of them whose expiry lay further in the future than any hold's may: the database's clock
    /// has been set back.
    public var rowsFromTheFuture = 0

    /// The live holds that it found.
    public var liveRows = 0
  }

  /// One at a time: an arbitrary number, the same in every instance.
  private static let advisoryLock = "5224316478213"

  private static let chunk = PreparedStatement(name: "holdfast_sweep", sql: EmbeddedSQL.sweep)

  /// How many pages there are to sweep.
  static let pages = """
    SELECT pg_relation_size('tickets_blocked') / current_setting('block_size')::int
    """

  /// On each server of a sharded database, the same pages at once.
  private static let allChunks = PreparedStatement(
    name: "holdfast_sweep",
    sql: """
      SELECT sum(swept)::int8, sum(from_the_future)::int8, sum(live)::int8
        FROM (\(KeyedFunction.sweep.call.sql)) s
      """)
  private static let allPages = """
    SELECT max(pages) FROM (\(KeyedFunction.sweepPages.call.sql)) p
    """

  private let pool: Pool
  private let pagesPerStatement: Int
  private let longestHoldSeconds: Double
  private let isSharded: Bool

  /// Sweeps through connections of `pool`, `pagesPerStatement` pages of 8 KiB at a time.
  ///
  /// - Parameter isSharded: Whether they lead to an engine, which sweeps all of its servers.
  public init(
    pool: Pool, pagesPerStatement: Int, longestHoldSeconds: Double, isSharded: Bool = false
  ) {
    self.pool = pool
    self.pagesPerStatement = pagesPerStatement
    self.longestHoldSeconds = longestHoldSeconds
    self.isSharded = isSharded
  }

  /// Deletes every row that had expired when it began.
  ///
  /// If the connection is lost meanwhile, it begins again with another.
  public func sweep(deadline: Instant) throws(PostgresError) -> Result {
    while true {
      do throws(PostgresError) {
        return try pool.withConnection(deadline: deadline) { connection throws(PostgresError) in
          try sweep(on: connection, deadline: deadline)
        }
      } catch {
        guard error.code == .connectionLost, Instant.now < deadline else { throw error }
      }
    }
  }

  /// Does the same unless another instance is doing it; nil then.
  public func sweepUnlessInProgress(deadline: Instant) throws(PostgresError) -> Result? {
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
      return try sweep(on: connection, deadline: deadline)
    }
  }

  private func sweep(
    on connection: PostgresConnection, deadline: Instant
  ) throws(PostgresError) -> Result {
    try Self.sweep(
      connection, pagesPerStatement: pagesPerStatement, longestHoldSeconds: longestHoldSeconds,
      isSharded: isSharded, deadline: deadline)
  }

  /// Deletes, on one connection, every row that had expired when it began.
  ///
  /// A stretch with a row that a foreign key or a trigger keeps is swept again in halves, after the
  /// others, down to one page. Only what is on that page stays; the sweep throws in the end.
  public static func sweep(
    _ connection: PostgresConnection, pagesPerStatement: Int, longestHoldSeconds: Double,
    isSharded: Bool = false, deadline: Instant
  ) throws(PostgresError) -> Result {
    let pages = try connection.query(isSharded ? allPages : pages, deadline: deadline)
      .integer(row: 0, column: 0)
    var result = Result()
    var problem: PostgresError?
    var stretches = stride(from: 0, through: pages, by: pagesPerStatement).map { first in
      first..<min(first + pagesPerStatement, pages + 1)
    }
    var next = 0
    while next < stretches.count {
      let stretch = stretches[next]
      next += 1
      do throws(PostgresError) {
        let counts = try connection.execute(
          isSharded ? allChunks : chunk,
          [
            .text("\(stretch.lowerBound)"), .text("\(stretch.upperBound)"),
            .double(longestHoldSeconds),
          ], deadline: deadline)
        result.rows += counts.integer(row: 0, column: 0)
        result.rowsFromTheFuture += counts.integer(row: 0, column: 1)
        result.liveRows += counts.integer(row: 0, column: 2)
      } catch {
        guard isOfARow(error) else { throw error }
        problem = error
        guard stretch.count > 1 else { continue }
        let middle = stretch.lowerBound + stretch.count / 2
        stretches += [stretch.lowerBound..<middle, middle..<stretch.upperBound]
      }
    }
    if let problem { throw problem }
    return result
  }

  /// Whether a row was the cause, so that others may be deleted: it violates a constraint (class 23; a
  /// foreign key is 23503, and 23001 from PostgreSQL 18 on), or a trigger's function said no (class P0).
  private static func isOfARow(_ error: PostgresError) -> Bool {
    guard case .server(let state) = error.code else { return false }
    return state.rawValue.hasPrefix("23") || state.rawValue.hasPrefix("P0")
  }
}
