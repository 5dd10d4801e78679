internal import Postgres
internal import Threads

extension Doctor {
  private static let tolerableUnswept = 100_000

  /// The state of the tables: indexes, vacuum, and rows that should not be there.
  func examineTables(
    _ connection: PostgresConnection, _ deadline: Instant
  ) throws(PostgresError) -> [Finding] {
    let row: PostgresResult
    do throws(PostgresError) {
      row = try connection.query(
        EmbeddedSQL.doctorTables, [.double(settings.longestHoldSeconds)], deadline: deadline)
    } catch {
      // The examination of the schema has said so.
      guard error.code == .server(.undefinedTable) else { throw error }
      return []
    }
    var findings: [Finding] = []
    if let names = row.optionalText(row: 0, column: 0) {
      findings.append(
        .problem(
          "indexes", "not valid, because their build failed: \(names)",
          advice: "DROP INDEX CONCURRENTLY each, and run `holdfast migrate`"))
    }
    if let names = row.optionalText(row: 0, column: 1) {
      findings.append(
        .problem(
          "vacuum", "autovacuum_enabled is off for \(names)",
          advice: "ALTER TABLE … RESET (autovacuum_enabled)"))
    }
    if let names = row.optionalText(row: 0, column: 5) {
      findings.append(
        .warning(
          "vacuum", "far behind: \(names)", advice: "VACUUM it, and find what kept it"))
    }
    if settings.historyDays > 0, let days = row.optionalText(row: 0, column: 6) {
      findings.append(
        .warning(
          "history", "no partition for \(days): its rows go to holdfast_history_rest",
          advice: "see that a service runs, which makes them ahead, or run `holdfast migrate`"))
    }
    findings += rows(row)
    return findings
  }

  private func rows(_ row: borrowing PostgresResult) -> [Finding] {
    var findings: [Finding] = []
    let pastTheCap = row.integer(row: 0, column: 2)
    let unswept = row.integer(row: 0, column: 3)
    if pastTheCap > 0 {
      findings.append(
        .warning(
          "holds",
          "\(pastTheCap) last longer than HOLDFAST_MAX_RESERVED_TIME allows "
            + "(\(Int(settings.longestHoldSeconds)) s): another program made them, the setting was "
            + "lowered, or the clock was set back",
          advice: "look at them with `holdfast holds`, and release what nobody needs"))
    }
    if unswept > Self.tolerableUnswept {
      findings.append(
        .warning(
          "holds", "\(unswept) rows have expired more than 10 minutes ago and are still there",
          advice: "see that HOLDFAST_SWEEP_INTERVAL is not 0, or run `holdfast sweep`"))
    }
    return findings.isEmpty
      ? [.ok("holds", "\(row.integer(row: 0, column: 4)) live, \(unswept) left to sweep")]
      : findings
  }
}
