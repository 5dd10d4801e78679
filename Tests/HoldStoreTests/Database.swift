import Holds
import Postgres
import TestSupport
import Threads

@testable import HoldStore

/// A database of a test's own, and a connection to it.
struct Database {
  let conninfo: String
  let connection: PostgresConnection

  /// The hold ids that the tests have used, by which `holds()` knows the hashes in the table.
  static let secrets = Monitor<Set<String>>([])

  /// Past it a test has failed, however busy the machine is.
  static var patience: Instant { .now.advanced(byMilliseconds: 30_000) }

  /// Makes a database; empty, or with the schema and these tickets.
  ///
  /// - Parameter server: Nil for the one that the tests share.
  init(
    on server: PostgresServer? = nil, migrated: Bool = true, selling ticketIDs: [String] = [],
    encoding: String? = nil
  ) throws {
    let name = "t" + String(UInt64.random(in: 0 ... .max), radix: 36)
    let server = try server ?? .shared()
    try PostgresConnection(conninfo: server.conninfo(), deadline: Self.patience)
      .query(
        "CREATE DATABASE \(name)"
          + (encoding.map { " TEMPLATE template0 LOCALE 'C' ENCODING '\($0)'" } ?? ""),
        deadline: Self.patience)
    conninfo = server.conninfo(database: name)
    connection = try PostgresConnection(conninfo: conninfo, deadline: Self.patience)
    if migrated { try migrate() }
    if !ticketIDs.isEmpty { try sell(ticketIDs) }
  }

  /// The same database through another connection.
  init(beside other: Database) throws { try self.init(at: other.conninfo) }

  /// A database that there is.
  init(at conninfo: String) throws {
    self.conninfo = conninfo
    connection = try PostgresConnection(conninfo: conninfo, deadline: Self.patience)
  }

  func run(_ script: String) throws {
    try connection.run(script: script, deadline: Self.patience)
  }

  /// Puts tickets on sale.
  func sell(_ ticketIDs: [String]) throws {
    try connection.query(
      "INSERT INTO tickets (ticket_id) SELECT unnest($1::text[])", [.textArray(ticketIDs)],
      deadline: Self.patience)
  }

  /// Has holds come to their end; without a ticket, all of them.
  func expire(_ ticketID: String? = nil) throws {
    let condition = ticketID.map { "WHERE ticket_id = '\($0)'" } ?? ""
    try run("UPDATE tickets_blocked SET locked_up = now() - interval '1 s' \(condition)")
  }

  func integer(_ sql: String) throws -> Int {
    try connection.query("SELECT (\(sql))::int8", deadline: Self.patience)
      .integer(row: 0, column: 0)
  }

  func bool(_ sql: String) throws -> Bool {
    try connection.query("SELECT \(sql)", deadline: Self.patience).bool(row: 0, column: 0)
  }

  /// The first column of a query, which must be text.
  func texts(_ sql: String) throws -> [String] {
    let result = try connection.query(sql, deadline: Self.patience)
    return (0..<result.rowCount).map { result.text(row: $0, column: 0) }
  }

  /// Waits until a statement of this application waits for a lock of somebody else's.
  func waitForBlockedStatement() throws {
    try waitUntil("a statement waits for a lock", hasBlockedStatement)
  }

  func hasBlockedStatement() throws -> Bool {
    try integer(
      """
      SELECT count(*) FROM pg_stat_activity
       WHERE datname = current_database() AND wait_event_type = 'Lock'
      """) > 0
  }
}
