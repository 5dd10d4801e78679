internal import ArgumentParser
private import FoundationEssentials
private import HoldStore
private import Postgres
private import Threads

/// `holdfast migrate`: creates or adopts the tables.
struct MigrateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "migrate",
    abstract: "Create the tables, or adopt and check existing ones; safe to repeat.",
    discussion: """
      The database is the one that DATABASE_URL or libpq's PGHOST, PGPORT, PGUSER, PGDATABASE, … \
      name. Each step is a transaction; on an error nothing of its step is changed.
      """)

  @Option(help: "Seconds to wait for the database and for locks, in all.")
  var timeout = 60

  func validate() throws {
    guard (1...86_400).contains(timeout) else {
      throw ValidationError("--timeout: expected 1 to 86400 seconds, got \"\(timeout)\"")
    }
  }

  func run() throws {
    let deadline = Instant.now.advanced(byMilliseconds: timeout * 1000)
    let conninfo = ProcessInfo.processInfo.environment["DATABASE_URL"] ?? ""
    let connection = try PostgresConnection(conninfo: conninfo, deadline: deadline)
    let applied = try Migrator(connection, deadline: deadline).migrate()
    print(applied.isEmpty ? "nothing to do" : "applied: " + applied.joined(separator: ", "))
  }
}
