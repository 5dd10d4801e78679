internal import ArgumentParser
private import FoundationEssentials
internal import Postgres
internal import Threads

/// The connection string in the environment, checked before anything connects by it.
enum DatabaseURL {
  /// What systemd's `LoadCredential` is to call the file.
  private static let credentialName = "holdfast.database-url"

  /// Reads `DATABASE_URL`, or else the file that `DATABASE_URL_FILE` names, or else systemd's
  /// credential; empty when there is none of them.
  ///
  /// - Throws: An error that quotes nothing of it, since any part may belong to a password.
  static func read(_ environment: [String: String]) throws(SettingError) -> String {
    var text = environment["DATABASE_URL"] ?? ""
    if text.isEmpty, let file = file(in: environment) {
      guard let data = FileManager.default.contents(atPath: file) else {
        throw SettingError("DATABASE_URL: \(file) cannot be read")
      }
      // An editor ends the last line.
      let lines = String(decoding: data, as: UTF8.self).split(whereSeparator: \.isNewline)
      text = lines.joined(separator: " ")
    }
    if let problem = PostgresConnector.problem(inConninfo: text) {
      throw SettingError("DATABASE_URL: \(problem)")
    }
    return text
  }

  private static func file(in environment: [String: String]) -> String? {
    if let file = environment["DATABASE_URL_FILE"], !file.isEmpty { return file }
    guard let directory = environment["CREDENTIALS_DIRECTORY"] else { return nil }
    let file = directory + "/" + credentialName
    return FileManager.default.fileExists(atPath: file) ? file : nil
  }
}

/// The database that a command works on, and how long it may take.
struct DatabaseOptions: ParsableArguments {
  static let help = """
    DATABASE_URL names the database, as a connection URI or key=value string. What it leaves out is \
    taken from libpq's variables: PGHOST, PGPORT, PGUSER, PGDATABASE, PGPASSWORD, PGSSLMODE and so on. \
    DATABASE_URL_FILE names a file that holds it instead; under systemd, so does the credential \
    holdfast.database-url.
    """

  /// What a command's help says of it, and where it finds the database.
  static func help(_ text: String) -> String { text + "\n\n" + help }

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
    // It has been checked by `validate`.
    let conninfo = (try? DatabaseURL.read(ProcessInfo.processInfo.environment)) ?? ""
    return (try PostgresConnector(conninfo: conninfo).connect(deadline: deadline), deadline)
  }
}
