internal import ArgumentParser
private import FoundationEssentials
internal import Postgres
internal import Threads

/// The connection string in the environment, checked before anything connects by it.
enum DatabaseURL {
  /// Reads `DATABASE_URL`; empty when it is not set.
  ///
  /// - Throws: An error that quotes nothing of it, since any part may belong to a password.
  static func read(_ environment: [String: String]) throws(SettingError) -> String {
    let text = environment["DATABASE_URL"] ?? ""
    if let problem = PostgresConnector.problem(inConninfo: text) {
      throw SettingError("DATABASE_URL: \(problem)")
    }
    return text
  }
}

/// The database that a command works on, and how long it may take.
struct DatabaseOptions: ParsableArguments {
  static let help = """
    DATABASE_URL names the database, as a connection URI or key=value string. What it leaves out is \
    taken from libpq's variables: PGHOST, PGPORT, PGUSER, PGDATABASE, PGPASSWORD, PGSSLMODE and so on.
    """

  @Option(help: "Seconds that the command may take, waits for the database and for locks included.")
  var timeout = 60

  func validate() throws {
    guard (1...86_400).contains(timeout) else {
      throw ValidationError("--timeout: expected 1 to 86400 seconds, got \"\(timeout)\"")
    }
    do {
      _ = try DatabaseURL.read(ProcessInfo.processInfo.environment)
    } catch {
      throw ValidationError(error.description)
    }
  }

  /// Connects; the deadline is that of all that the command does.
  func connect() throws(PostgresError) -> (connection: PostgresConnection, deadline: Instant) {
    let deadline = Instant.now.advanced(byMilliseconds: timeout * 1000)
    let conninfo = ProcessInfo.processInfo.environment["DATABASE_URL"] ?? ""
    return (try PostgresConnector(conninfo: conninfo).connect(deadline: deadline), deadline)
  }
}
