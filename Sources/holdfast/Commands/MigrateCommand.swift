internal import ArgumentParser
private import HoldStore

/// `holdfast migrate`: creates or adopts the tables.
struct MigrateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "migrate",
    abstract: "Create the tables, or adopt and check existing ones; safe to repeat.",
    usage: "holdfast migrate [<options>]",
    discussion: DatabaseOptions.help
      + " Tables are looked for in the whole search_path. Each step is a transaction; on an error "
      + "nothing of its step is changed. No existing table is locked for long.")

  @Flag(help: "Say what would be changed, and change nothing.")
  var dryRun = false

  @Flag(
    help:
      "Create missing tables even if a schema outside the search_path has tables of their names."
  )
  var createTables = false

  @Flag(
    help:
      "Build the index on tickets (event_id) that lists and seat maps need, concurrently, if there is none."
  )
  var eventIndex = false

  @Option(help: "Grant this role what the service needs.")
  var grant: String?

  @Flag(
    inversion: .prefixedNo,
    help: "With --grant: also grant UPDATE on tickets.status, which lets the service lock tickets.")
  var strictSales = true

  @Flag(help: "With --grant: also grant what HOLDFAST_CONFIRM needs to sell tickets.")
  var confirm = false

  @Flag(help: "Also make the indexes that HOLDFAST_MAX_HELD_TICKETS needs.")
  var limits = false

  @OptionGroup var database: DatabaseOptions

  func run() throws {
    let (connection, deadline) = try database.connect()
    var options = Migrator.Options()
    options.isDryRun = dryRun
    options.createsTables = createTables
    options.createsEventIndex = eventIndex
    options.grantee = grant
    options.grantsStrictSales = strictSales
    options.grantsConfirms = confirm
    options.indexesLimits = limits
    let changes = try Migrator(connection, options: options, deadline: deadline)
      .migrate { print($0) }
    if changes == 0 { print("nothing to do") }
  }
}
