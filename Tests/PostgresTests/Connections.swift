import Postgres
import TestSupport
import Threads

/// Connections to the process's own server, and times far beyond any noise.
enum Connections {
  /// Past it a test has failed, however busy the machine is.
  static var patience: Instant { .now.advanced(byMilliseconds: 30_000) }

  static func make() throws -> PostgresConnection {
    try PostgresConnection(conninfo: PostgresServer.shared().conninfo(), deadline: patience)
  }

  /// The server process behind a connection.
  static func backend(of connection: PostgresConnection) throws -> Int {
    try connection.query("SELECT pg_backend_pid()", deadline: patience).integer(row: 0, column: 0)
  }

  /// Ends a server process and waits until it is gone.
  static func terminate(_ backend: Int) throws {
    let result = try make().query(
      "SELECT pg_terminate_backend($1, 30000)", [.int32(Int32(backend))], deadline: patience)
    guard result.bool(row: 0, column: 0) else { throw Failure("backend \(backend) lives on") }
  }
}
