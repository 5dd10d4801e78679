import Foundation
import TestSupport

/// A site of nginx, Holdfast and PostgreSQL, as `deploy/run --detach` starts it.
// Its values change only in `service`, which the one test that owns the site calls.
final class Site: @unchecked Sendable {
  /// The site that `deploy/test` has started, for tests that disturb nobody.
  static func shared() throws -> Site {
    try Site(directory: TestSettings.siteDirectory)
  }

  /// Starts a site of its own; `stop` ends it.
  ///
  /// - Parameters:
  ///   - folder: The name of its folder.
  ///   - lines: How much of the script's output is read, as `head` does; nil for all.
  static func start(
    _ settings: [String: String], folder: String = "site", readingLines lines: Int? = nil
  ) throws -> Site {
    let place = try TemporaryDirectory()
    let path = place.path + "/" + folder
    let environment = [
      "HOLDFAST_DIR": path, "HOLDFAST_BINARY": TestSettings.binary, "HOLDFAST_HTTP_PORT": "0",
      "HOLDFAST_HTTPS_PORT": "0", "HOLDFAST_HTTPS_ADDRESSES": "127.0.0.1",
    ].merging(TestSettings.patience) { $1 }.merging(settings) { $1 }
    var command = [script("run"), "--detach"]
    if let lines {
      let shell = "\"$0\" \"$1\" | head -n \(lines)"
      command = ["bash", "-o", "pipefail", "-c", shell] + command
    }
    do {
      try Command.succeed(command, environment: environment)
    } catch {
      // Nothing of a script that was killed may outlast its folder.
      _ = try? Command([script("stop")], environment: environment)
      throw error
    }
    let site = try Site(directory: path)
    site.settings = environment
    site.place = place
    return site
  }

  /// Lends a site of its own, and stops it whatever happens.
  static func with<Value>(
    _ settings: [String: String] = [:], _ body: (Site) throws -> Value
  ) throws -> Value {
    let site = try start(settings)
    defer { site.stop() }
    return try body(site)
  }

  let directory: String
  private var place: TemporaryDirectory?
  private var settings: [String: String] = [:]
  private(set) var values: [String: String] = [:]

  private init(directory: String) throws {
    self.directory = directory
    try readEnvironment()
  }

  subscript(name: String) -> String { values[name] ?? "" }

  var httpPort: Int { Int(self["HOLDFAST_HTTP_PORT"]) ?? 0 }
  var holdfastID: pid_t { pid_t(self["HOLDFAST_PID"]) ?? 0 }
  var postgresID: pid_t { pid_t(self["POSTGRES_PID"]) ?? 0 }
  var sockets: [String] { self["HOLDFAST_SOCKETS"].split(separator: " ").map(String.init) }

  func http() -> HTTPConnection { HTTPConnection(port: httpPort) }

  func database(_ name: String? = nil, user: String? = nil) throws -> Database {
    try Database(
      directory: self["PGHOST"], port: self["PGPORT"], user: user ?? self["PGUSER"],
      database: name ?? self["PGDATABASE"])
  }

  /// What libpq reads, for a program that a test starts.
  func databaseEnvironment(_ name: String? = nil, user: String? = nil) -> [String: String] {
    [
      "PGHOST": self["PGHOST"], "PGPORT": self["PGPORT"], "PGUSER": user ?? self["PGUSER"],
      "PGDATABASE": name ?? self["PGDATABASE"],
    ]
  }

  /// Runs `holdfast` with these arguments on a database.
  func holdfast(_ arguments: String..., database: String? = nil) throws -> Command {
    try Command(
      [TestSettings.binary] + arguments, environment: databaseEnvironment(database))
  }

  /// Lends an empty database of this server, and drops it afterwards.
  func withEmptyDatabase<Value>(_ body: (String) throws -> Value) throws -> Value {
    let name = "test_\(UInt32.random(in: 0 ... .max))"
    let database = try database()
    try database.run("CREATE DATABASE \(name)")
    defer { _ = try? database.run("DROP DATABASE \(name) WITH (FORCE)") }
    return try body(name)
  }

  /// Lends a database of this server that `holdfast migrate` has made ready, and drops it afterwards.
  func withMigratedDatabase<Value>(_ body: (String, Database) throws -> Value) throws -> Value {
    try withEmptyDatabase { name in
      let migration = try holdfast("migrate", database: name)
      guard migration.exitCode == 0 else { throw Failure(migration.output) }
      return try body(name, database(name))
    }
  }

  /// `deploy/service`: starts, stops, restarts or kills a part.
  func service(_ verb: String, _ part: String) throws {
    try Command.succeed([Self.script("service"), verb, part], environment: settings)
    try readEnvironment()
  }

  /// The package's helper, where `deploy/service` does what systemctl would; its output and exit code.
  ///
  /// - Parameter status: What each instance says of itself.
  func rollingRestart(status: String) throws -> Command {
    let place = try TemporaryDirectory()
    let systemctl = """
      #!/bin/sh
      case $1 in
      list-units) for n in $(seq $HOLDFAST_INSTANCES); do echo "holdfast@$n.service loaded active"; done ;;
      restart) n=${2#holdfast@} && exec '\(Self.script("service"))' restart "holdfast-${n%.service}" ;;
      show) echo '\(status)' ;;
      esac
      """
    try systemctl.write(toFile: place.path + "/systemctl", atomically: true, encoding: .utf8)
    chmod(place.path + "/systemctl", 0o755)
    let path = TestSettings.neutralEnvironment["PATH"] ?? "/usr/bin:/bin"
    let more = ["PATH": place.path + ":" + path, "READY_SECONDS": "1"]
    let command = try Command(
      [Self.script("systemd/rolling-restart")], environment: settings.merging(more) { $1 })
    try readEnvironment()
    return command
  }

  func stop() {
    _ = try? Command([Self.script("stop")], environment: ["HOLDFAST_DIR": directory])
  }

  /// The log of a part.
  func log(_ part: String) throws -> String {
    try String(contentsOfFile: "\(directory)/logs/\(part).log", encoding: .utf8)
  }

  /// Adds tickets `prefix1` to `prefixN` that are on sale.
  func addTickets(_ prefix: String, count: Int) throws {
    try database().run(
      """
      INSERT INTO tickets (ticket_id)
      SELECT \(Database.literal(prefix)) || n FROM generate_series(1, \(count)) n
      """)
  }

  private static func script(_ name: String) -> String { "\(TestSettings.root)/deploy/\(name)" }

  /// The file has shell's quoting: of paths and numbers, backslashes.
  private func readEnvironment() throws {
    let text = try String(contentsOfFile: directory + "/env", encoding: .utf8)
    for line in text.split(separator: "\n") {
      let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2 else { continue }
      values[String(parts[0])] = parts[1].replacingOccurrences(of: "\\", with: "")
    }
  }
}
