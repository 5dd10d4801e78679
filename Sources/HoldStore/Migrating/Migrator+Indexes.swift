import Postgres

/// The indexes, which are built concurrently: whoever reads and writes goes on.
extension Migrator {
  /// The owner of an adopted table decides on its indexes; without it, lists and seat maps read the whole
  /// table.
  func migrateEvents(_ changes: inout MigrationChanges) throws(PostgresError) {
    let facts = try readFacts()
    guard !facts.tickets.isEmpty, !facts.hasEventIndex else { return }
    guard facts.hasEvent else {
      return changes.note("\(facts.tickets) has no column event_id: no lists and no seat maps")
    }
    let index = "CREATE INDEX CONCURRENTLY tickets_event_id_holdfast ON \(facts.tickets) (event_id)"
    guard options.createsEventIndex, !facts.isPartitioned else {
      let advice =
        facts.isPartitioned ? "create it on each partition" : "--event-index, or \(index)"
      return changes.note(
        "warning: \(facts.tickets) has no index on event_id, which lists and seat maps need: \(advice)"
      )
    }
    guard changes.begin("create an index on \(facts.tickets) (event_id), concurrently") else {
      return
    }
    try build("\(Self.quoted(facts.ticketsSchema)).tickets_event_id_holdfast", by: index)
  }

  /// Of duplicates the latest expiry stays; a row without a ticket holds nothing.
  func createUniqueIndex(_ changes: inout MigrationChanges) throws(PostgresError) {
    let index = "tickets_blocked_ticket_id_holdfast"
    var attempts = 0
    while true {
      let deleted = try connection.query(
        """
        DELETE FROM tickets_blocked b
         USING (SELECT ctid, row_number() OVER (PARTITION BY ticket_id
                                                ORDER BY locked_up DESC NULLS LAST, ctid) AS place
                  FROM tickets_blocked) ranked
         WHERE b.ctid = ranked.ctid AND (ranked.place > 1 OR b.ticket_id IS NULL)
        """, deadline: deadline
      ).affectedRowCount
      if deleted > 0 {
        changes.note("deleted \(deleted) rows of tickets_blocked that were duplicates or no holds")
      }
      do throws(PostgresError) {
        return try build(
          index, by: "CREATE UNIQUE INDEX CONCURRENTLY \(index) ON tickets_blocked (ticket_id)")
      } catch {
        attempts += 1
        // A duplicate has come meanwhile.
        guard error.code == .server(.uniqueViolation), attempts < 10 else { throw error }
      }
    }
  }

  /// Rows without the column's value are not in it, so that they cost nothing.
  func createIndex(on column: String) throws(PostgresError) {
    let index = "tickets_blocked_\(column)_holdfast"
    try build(
      index,
      by: """
        CREATE INDEX CONCURRENTLY \(index) ON tickets_blocked (\(column))
         WHERE \(column) IS NOT NULL
        """)
  }

  /// Builds an index in place of an invalid one, as a build that failed leaves it.
  private func build(_ index: String, by statement: String) throws(PostgresError) {
    for script in [
      // It waits for old transactions, and takes no lock meanwhile.
      "SET lock_timeout = 0", "DROP INDEX CONCURRENTLY IF EXISTS \(index)", statement,
      "SET lock_timeout = \(Self.lockTimeoutMilliseconds)",
    ] {
      try connection.run(script: script, deadline: deadline)
    }
  }
}
