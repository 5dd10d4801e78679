internal import Postgres
internal import Threads

extension Doctor {
  /// The state of the tables: indexes, vacuum, and the history's days.
  func examineTables(
    _ connection: PostgresConnection, _ deadline: Instant
  ) throws(PostgresError) -> [Finding] {
    let row = try connection.query(EmbeddedSQL.doctorTables, deadline: deadline)
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
    if let names = row.optionalText(row: 0, column: 2) {
      findings.append(
        .warning(
          "vacuum", "far behind: \(names)", advice: "VACUUM it, and find what kept it"))
    }
    if settings.historyDays > 0, let days = row.optionalText(row: 0, column: 3) {
      findings.append(
        .warning(
          "history", "no partition for \(days): its rows go to holdfast_history_rest",
          advice: "see that a service runs, which makes them ahead, or run `holdfast migrate`; "
            + "a day of which there are rows already stays as it is"))
    }
    if let share = row.optionalText(row: 0, column: 4) {
      findings.append(
        .warning(
          "tickets", "\(share) updates, such as sales, had to change its indexes too",
          advice: "ALTER TABLE tickets SET (fillfactor = 50), for tickets put on sale from then on")
      )
    }
    return findings
  }
}
