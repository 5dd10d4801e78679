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
    // A build that failed leaves an invalid index. Waiting for old transactions takes no lock.
    try connection.run(script: "SET lock_timeout = 0", deadline: deadline)
    let old = facts.ticketsSchema.replacing("\"", with: "\"\"")
    try connection.run(
      script: "DROP INDEX CONCURRENTLY IF EXISTS \"\(old)\".tickets_event_id_holdfast",
      deadline: deadline)
    try connection.run(script: index, deadline: deadline)
    try connection.run(
      script: "SET lock_timeout = \(Self.lockTimeoutMilliseconds)", deadline: deadline)
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
        // A build that failed leaves an invalid index. Waiting for old transactions takes no lock.
        try connection.run(script: "SET lock_timeout = 0", deadline: deadline)
        try connection.run(
          script: "DROP INDEX CONCURRENTLY IF EXISTS \(index)", deadline: deadline)
        try connection.run(
          script: "CREATE UNIQUE INDEX CONCURRENTLY \(index) ON tickets_blocked (ticket_id)",
          deadline: deadline)
        break
      } catch {
        attempts += 1
        // A duplicate has come meanwhile.
        guard error.code == .server(.uniqueViolation), attempts < 10 else { throw error }
      }
    }
    try connection.run(
      script: "SET lock_timeout = \(Self.lockTimeoutMilliseconds)", deadline: deadline)
  }

  /// Rows without the column's value are not in it, so that they cost nothing.
  func createIndex(on column: String) throws(PostgresError) {
    let index = "tickets_blocked_\(column)_holdfast"
    for script in [
      "SET lock_timeout = 0",
      // A build that failed leaves an invalid index.
      "DROP INDEX CONCURRENTLY IF EXISTS \(index)",
      """
      CREATE INDEX CONCURRENTLY \(index) ON tickets_blocked (\(column))
       WHERE \(column) IS NOT NULL
      """, "SET lock_timeout = \(Self.lockTimeoutMilliseconds)",
    ] {
      try connection.run(script: script, deadline: deadline)
    }
  }
}
