internal import ArgumentParser
private import FoundationEssentials
internal import Postgres
internal import Threads

/// The database that a command works on, and how long it may take.
struct DatabaseOptions: ParsableArguments {
  static let help = """
    The database is the one that DATABASE_URL or libpq's PGHOST, PGPORT, PGUSER, PGDATABASE, … name.
    """

  @Option(help: "Seconds to wait for the database and for locks, in all.")
  var timeout = 60

  func validate() throws {
    guard (1...86_400).contains(timeout) else {
      throw ValidationError("--timeout: expected 1 to 86400 seconds, got \"\(timeout)\"")
    }
  }

  /// Connects; the deadline is that of all that the command does.
  func connect() throws(PostgresError) -> (connection: PostgresConnection, deadline: Instant) {
    let deadline = Instant.now.advanced(byMilliseconds: timeout * 1000)
    let conninfo = ProcessInfo.processInfo.environment["DATABASE_URL"] ?? ""
    return (try PostgresConnector(conninfo: conninfo).connect(deadline: deadline), deadline)
  }
}
