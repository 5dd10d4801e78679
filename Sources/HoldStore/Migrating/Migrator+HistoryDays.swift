internal import Postgres
internal import Threads

/// The history's next partitions.
extension Migrator {
  /// The days that no service has made, as while none ran. No commit depends on them, so that the
  /// migration does not either.
  func migrateHistoryDays(_ changes: inout MigrationChanges) throws(PostgresError) {
    do throws(PostgresError) {
      let missing = try missingHistoryDays()
      guard !missing.isEmpty, changes.begin("make the history's days \(missing)") else { return }
      let end = Instant.now.advanced(byMilliseconds: Self.lockTimeoutMilliseconds)
      while true {
        try HistoryKeeper.keep(days: 0, on: connection, deadline: deadline)
        let missing = try missingHistoryDays()
        if missing.isEmpty { return }
        guard Instant.now < end else {
          return changes.note(
            "warning: the history's days \(missing) cannot be made while somebody reads "
              + "holdfast_history_rest, such as pg_dump: a service that keeps a history makes them"
          )
        }
        // A commit that appended meanwhile had the lock, or a service makes them too.
        Instant.now.advanced(byMilliseconds: Self.migrationPollMilliseconds).sleep()
      }
    } catch {
      guard error.code == .server(.insufficientPrivilege) else { throw error }
      changes.note("warning: the history's days: \(error.message)")
    }
  }

  private func missingHistoryDays() throws(PostgresError) -> String {
    let facts = try readFacts()
    guard !facts.history.isEmpty else { return "" }
    return try connection.query(
      EmbeddedSQL.missingHistoryDays, [.text(facts.historySchema)], deadline: deadline
    ).text(row: 0, column: 0)
  }
}
