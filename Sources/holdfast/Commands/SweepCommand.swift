internal import ArgumentParser
private import FoundationEssentials
private import HoldStore
private import Postgres

/// `holdfast sweep`: deletes expired holds once, for a timer outside the service.
struct SweepCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sweep", abstract: "Delete expired holds once, and say how many.",
    discussion: DatabaseOptions.help(
      "The service sweeps by itself. No guarantee depends on a sweep: an expired row holds nothing. "
        + "It takes the service's settings from the same HOLDFAST_ variables."))

  @OptionGroup var database: DatabaseOptions

  func run() throws {
    let settings = try ServiceSettings(
      flags: [], environment: ProcessInfo.processInfo.environment
    ).store
    let (connection, deadline) = try database.connect()
    do throws(PostgresError) {
      let result = try Sweeper.sweep(
        connection, pagesPerStatement: settings.sweepPages,
        longestHoldSeconds: settings.longestHoldSeconds, deadline: deadline)
      print("deleted \(result.rows) expired holds")
    } catch {
      throw error.askingForMigration
    }
  }
}
