internal import Postgres
internal import Threads

extension Doctor {
  private static let tolerableUnswept = 100_000
  private static let namedTickets: Int32 = 5

  /// The rows of holds: those that a clock or another program has left, and those that nobody sweeps.
  func examineHolds(
    _ connection: PostgresConnection, _ deadline: Instant
  ) throws(PostgresError) -> [Finding] {
    let row: PostgresResult
    do throws(PostgresError) {
      row = try connection.query(
        EmbeddedSQL.doctorHolds,
        [.double(settings.longestHoldSeconds), .int32(Self.namedTickets)], deadline: deadline)
    } catch {
      // The examination of the schema has said so.
      guard error.code == .server(.undefinedTable) else { throw error }
      return []
    }
    let unswept = row.integer(row: 0, column: 1)
    var findings = fromTheFuture(row) + pastTheCap(row)
    if unswept > Self.tolerableUnswept {
      findings.append(
        .warning(
          "holds", "\(unswept) rows have expired more than 10 minutes ago and are still there",
          advice: "see that HOLDFAST_SWEEP_INTERVAL is not 0, or run `holdfast sweep`"))
    }
    return findings.isEmpty
      ? [.ok("holds", "\(row.integer(row: 0, column: 0)) live, \(unswept) left to sweep")]
      : findings
  }

  /// Holds go by the server's clock: one that was set back meets rows that it has not yet made.
  private func fromTheFuture(_ row: borrowing PostgresResult) -> [Finding] {
    var findings: [Finding] = []
    if let tickets = row.optionalText(row: 0, column: 5) {
      findings.append(
        .warning(
          "holds",
          "\(row.integer(row: 0, column: 2)) row(s) made in the future would last longer than allowed, "
            + "and hold nothing: the server's clock has been set back (\(tickets))",
          advice: "the next sweep deletes them, or `holdfast sweep` now"))
    }
    if let tickets = row.optionalText(row: 0, column: 6) {
      findings.append(
        .warning(
          "holds",
          "\(row.integer(row: 0, column: 3)) live hold(s) were made in the future, up to "
            + "\(row.integer(row: 0, column: 8)) s from now: the server's clock has been set back, "
            + "and they last that much longer (\(tickets))",
          advice: "see that the server synchronizes its time (NTP); `holdfast release` ends a hold")
      )
    }
    return findings
  }

  private func pastTheCap(_ row: borrowing PostgresResult) -> [Finding] {
    guard let tickets = row.optionalText(row: 0, column: 7) else { return [] }
    return [
      .warning(
        "holds",
        "\(row.integer(row: 0, column: 4)) hold(s) last longer than HOLDFAST_MAX_RESERVED_TIME allows "
          + "(\(Int(settings.longestHoldSeconds)) s): another program made them, the setting was "
          + "lowered, or the server's clock has been set back since (\(tickets))",
        advice: "look at them with `holdfast holds`, and release what nobody needs")
    ]
  }
}
