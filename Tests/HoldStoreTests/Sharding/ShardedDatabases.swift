import Postgres
import TestSupport
import Threads

@testable import HoldStore
@testable import Holds

/// Two databases with tickets, and one in front of them with PL/Proxy.
struct ShardedDatabases {
  static let rule = "before-last:-"
  static let reason = "needs Debian's postgresql-15-plproxy"

  /// Whether the server has the extension.
  static var isInstalled: Bool {
    let sql = "EXISTS (SELECT FROM pg_available_extensions WHERE name = 'plproxy')"
    return PostgresServer.isInstalled && (try? Database(migrated: false).bool(sql)) ?? false
  }

  let servers: [Database]
  let front: Database

  /// - Parameter first: Where the first of the two is; nil for the server that the tests share.
  init(first: PostgresServer? = nil) throws {
    servers = try [first, nil].map { try Database(on: $0, migrated: false) }
    front = try Database(migrated: false)
    for server in servers { try server.migrate { $0.shardKey = ShardKey(Self.rule) } }
    let parts = servers.enumerated().map { "p\($0) '\($1.conninfo.connectionOptions)'" }
    try front.run(
      """
      CREATE EXTENSION plproxy;
      CREATE SERVER holdfast FOREIGN DATA WRAPPER plproxy OPTIONS (
        query_timeout '10', \(parts.joined(separator: ", ")));
      CREATE USER MAPPING FOR PUBLIC SERVER holdfast OPTIONS (user 'holdfast');
      """)
    try EngineMigrator(front.connection, deadline: Database.patience).migrate()
  }

  /// The store's settings, in front.
  var settings: HoldStoreSettings {
    .patient(front.conninfo).with { $0.shardKey = ShardKey(Self.rule) }
  }

  /// Events `E1`, `E2`, … that lie on each of the servers.
  func events(on server: Int, count: Int = 1) throws -> [String] {
    try front.texts(
      """
      SELECT e FROM (SELECT 'E' || n AS e FROM generate_series(1, 100) n) s
       WHERE hashtext(e) & 1 = \(server) LIMIT \(count)
      """)
  }

  /// Puts tickets `EVENT-1`, `EVENT-2`, … on sale, where they belong.
  func sell(_ count: Int, of event: String, on server: Int) throws {
    try servers[server].run(
      """
      INSERT INTO tickets (ticket_id, event_id)
      SELECT '\(event)-' || n, '\(event)' FROM generate_series(1, \(count)) n
      """)
  }

  /// Lets nobody on a server, or everybody again.
  func setAway(_ isAway: Bool, server: Int) throws {
    let name = try servers[server].texts("SELECT current_database()::text")[0]
    try front.run("ALTER DATABASE \(name) ALLOW_CONNECTIONS \(!isAway)")
    guard isAway else { return }
    try front.run(
      """
      SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = '\(name)' AND application_name <> 'holdfast'
      """)
  }
}

extension String {
  /// libpq's settings as PL/Proxy takes them: without the user, which is the mapping's, and quotes.
  fileprivate var connectionOptions: String {
    split(separator: " ").filter { !$0.hasPrefix("options=") && !$0.hasPrefix("user=") }
      .joined(separator: " ")
  }
}
