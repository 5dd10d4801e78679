internal import ArgumentParser
private import HoldStore
private import Holds

/// `holdfast migrate`: creates or adopts the tables.
struct MigrateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "migrate",
    abstract: "Create the tables, or adopt and check existing ones; safe to repeat.",
    usage: "holdfast migrate [<options>]",
    discussion: DatabaseOptions.help(
      "Tables are looked for in the whole search_path. Each step is a transaction: a step that fails "
        + "changes nothing. No existing table is locked for long."))

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

  @Option(
    help:
      "Also make the functions that an engine in front of several servers calls; the value is HOLDFAST_SHARD_KEY's."
  )
  var shardKey: String?

  @Option(
    help:
      "Make, in a database without tickets, the functions of this engine (plproxy) that call the servers; nothing else."
  )
  var engine: String?

  @OptionGroup var database: DatabaseOptions

  func validate() throws {
    if let shardKey, ShardKey(shardKey) == nil {
      throw ValidationError("--shard-key: expected \(ShardKey.expectation), got \"\(shardKey)\"")
    }
    if let engine, EngineMigrator.Engine(rawValue: engine) == nil {
      throw ValidationError("--engine: expected plproxy, got \"\(engine)\"")
    }
    let grants = grant != nil || confirm || !strictSales
    if engine != nil, grants || createTables || eventIndex || limits || shardKey != nil {
      throw ValidationError("--engine: expected no other option than --dry-run and --timeout")
    }
    for (option, isSet) in [("--confirm", confirm), ("--no-strict-sales", !strictSales)]
    where isSet && grant == nil {
      throw ValidationError("\(option): expected --grant with it, and a role")
    }
  }

  func run() throws {
    let (connection, deadline) = try database.connect()
    if engine != nil {
      let changes = try EngineMigrator(connection, isDryRun: dryRun, deadline: deadline)
        .migrate { print($0) }
      if changes == 0 { print("nothing to do") }
      return
    }
    var options = Migrator.Options()
    options.isDryRun = dryRun
    options.createsTables = createTables
    options.createsEventIndex = eventIndex
    options.grantee = grant
    options.grantsStrictSales = strictSales
    options.grantsConfirms = confirm
    options.indexesLimits = limits
    options.shardKey = shardKey.flatMap { ShardKey($0) }
    let changes = try Migrator(connection, options: options, deadline: deadline)
      .migrate { print($0) }
    if changes == 0 { print("nothing to do") }
  }
}
