internal import Postgres
internal import Threads

/// Makes the history's partitions ahead of their days, and drops the old ones; see `history_days.sql`.
///
/// No commit depends on it: rows of a day without a partition go to the one for the rest.
struct HistoryKeeper: Sendable {
  private static let intervalMilliseconds = 60_000

  let pool: Pool
  let days: Int
  let onEvent: @Sendable (HoldStoreEvent) -> Void

  /// Does it at once and every minute, until the store stops.
  func run(until isStopping: Monitor<Bool>, timeoutMilliseconds: Int) {
    while true {
      let deadline = Instant.now.advanced(byMilliseconds: timeoutMilliseconds)
      do throws(PostgresError) {
        _ = try pool.withConnection(deadline: deadline) { connection throws(PostgresError) in
          try Self.keep(days: days, on: connection, deadline: deadline)
        }
      } catch {
        onEvent(.historyFailed(error))
      }
      let next = Instant.now.advanced(byMilliseconds: Self.intervalMilliseconds)
      let isDone: Void? = isStopping.wait(until: next) { $0 ? () : nil }
      if isDone != nil { return }
    }
  }

  /// Makes what is missing and drops one old day.
  ///
  /// - Returns: How many partitions were made or dropped.
  @discardableResult
  static func keep(
    days: Int, on connection: PostgresConnection, deadline: Instant
  ) throws(PostgresError) -> Int {
    try connection.query(
      "SELECT holdfast_history_days($1)", [.int32(Int32(days))], deadline: deadline
    ).integer(row: 0, column: 0)
  }
}
