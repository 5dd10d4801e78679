internal import Holds
internal import Postgres

/// What a server of keys has besides: the functions that an engine calls.
extension Migrator {
  func migrateKeyed(_ shardKey: ShardKey, _ changes: inout MigrationChanges) throws(PostgresError) {
    let change = "create the functions that an engine calls"
    guard !(try readFacts()).tickets.isEmpty else {
      _ = changes.begin(change)
      return
    }
    let columns = try TicketColumns.read(on: connection, deadline: deadline)
    guard columns.hasTextEvents else {
      throw PostgresError(
        .server(.undefinedColumn),
        "tickets.event_id: an engine needs a column of type text or character varying")
    }
    try KeyedFunction.replace(
      KeyedFunction.namesOnServer, by: KeyedFunction.onServer(columns), on: connection,
      deadline: deadline
    ) { changes.begin(change) }
    let others = try connection.query(
      EmbeddedSQL.foreignKeys.filling("key", with: "(\(shardKey.sql("ticket_id::text")))"),
      deadline: deadline)
    let count = others.integer(row: 0, column: 0)
    if count > 0 {
      changes.note(
        "warning: \(count) tickets, such as \(others.text(row: 0, column: 1)), have an event_id that "
          + "is not their key: lists, seat maps and best available tickets may not find them")
    }
  }
}
