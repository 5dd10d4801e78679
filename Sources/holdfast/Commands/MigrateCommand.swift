internal import ArgumentParser
private import HoldStore

/// `holdfast migrate`: creates or adopts the tables.
struct MigrateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "migrate",
    abstract: "Create the tables, or adopt and check existing ones; safe to repeat.",
    discussion: DatabaseOptions.help
      + " Each step is a transaction; on an error nothing of its step is changed.")

  @OptionGroup var database: DatabaseOptions

  func run() throws {
    let (connection, deadline) = try database.connect()
    let applied = try Migrator(connection, deadline: deadline).migrate()
    print(applied.isEmpty ? "nothing to do" : "applied: " + applied.joined(separator: ", "))
  }
}
