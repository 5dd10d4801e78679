internal import ArgumentParser
private import HoldStore

/// `holdfast sweep`: deletes expired holds once, for a timer outside the service.
struct SweepCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sweep", abstract: "Delete expired holds once, and say how many.",
    discussion: DatabaseOptions.help + " No hold depends on it: an expired row holds nothing.")

  @OptionGroup var database: DatabaseOptions

  func run() throws {
    let (connection, deadline) = try database.connect()
    let rows = try Sweeper.sweep(
      connection, pagesPerStatement: HoldStoreSettings().sweepPages, deadline: deadline)
    print("deleted \(rows) expired holds")
  }
}
