internal import ArgumentParser
private import FoundationEssentials
private import HoldStore
private import Postgres
private import Threads

/// `holdfast sweep`: deletes expired holds once, for a timer outside the service.
struct SweepCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sweep", abstract: "Delete expired holds once, and say how many.",
    discussion: """
      The database is the one that DATABASE_URL or libpq's PGHOST, PGPORT, PGUSER, PGDATABASE, … \
      name. No hold depends on it: an expired row holds nothing.
      """)

  @Option(help: "Seconds to wait for the database, in all.")
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
    let rows = try Sweeper.sweep(connection, pagesPerStatement: 128, deadline: deadline)
    print("deleted \(rows) expired holds")
  }
}
