internal import ArgumentParser
private import FoundationEssentials
private import HoldStore
private import Postgres

/// `holdfast holds`: lists holds, for a person who looks after the site.
struct HoldsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "holds", abstract: "List the live holds, those that end first on top.",
    usage: "holdfast holds [<options>]",
    discussion: DatabaseOptions.help(
      "It asks the database alone, so that it works while the service is down. Times are UTC. "
        + "CART tells one cart from another: it is a hash of the hold_id, never the hold_id."))

  @Option(help: "Only holds on tickets of this event.")
  var event: String?

  @Option(help: "Only the hold on this ticket.")
  var ticket: String?

  @Flag(help: "List rows that have expired and hold nothing, instead of the live ones.")
  var expired = false

  @Option(help: "How many to list at most.")
  var limit = 100

  @Flag(help: "Write one JSON object a line.")
  var json = false

  @OptionGroup var database: DatabaseOptions

  func validate() throws {
    guard (1...1_000_000).contains(limit) else {
      throw ValidationError("--limit: expected 1 to 1000000, got \"\(limit)\"")
    }
  }

  func run() throws {
    var list = HoldList()
    list.eventID = event
    list.ticketID = ticket
    list.listsExpired = expired
    // One more than is shown tells whether there are more.
    list.limit = limit + 1
    list.longestHoldSeconds = try ServiceSettings(
      flags: [], environment: ProcessInfo.processInfo.environment
    ).store.longestHoldSeconds
    let (connection, deadline) = try database.connect()
    let entries = try list.read(connection, deadline: deadline)
    if json {
      for entry in entries.prefix(limit) { print(JSONLine.text(HoldObject(entry))) }
    } else {
      printTable(entries)
    }
    if entries.count > limit {
      printError("there are more than \(limit): repeat with a higher --limit")
    }
  }

  private func printTable(_ entries: [HoldList.Entry]) {
    guard !entries.isEmpty else {
      return print(expired ? "no expired rows" : "no live holds")
    }
    var table = TextTable("TICKET", "EVENT", "HELD FOR", "UNTIL", "LEFT", "CART")
    for entry in entries.prefix(limit) {
      let left = entry.secondsLeft.map { Readable.duration(seconds: $0) } ?? "-"
      table.append(
        entry.ticketID, entry.eventID ?? "-",
        entry.secondsHeld.map { Readable.duration(seconds: $0) } ?? "-",
        Readable.instant(entry.expiresAt), entry.isLive ? left : "expired",
        entry.cart ?? "anonymous")
    }
    for line in table.lines { print(line) }
  }
}

/// A hold as `--json` shows it.
private struct HoldObject: Encodable {
  let ticket_id: String
  let event_id: String?
  let created_at: String?
  let expires_at: String?
  let expires_in: Int?
  let state: String
  let cart: String?

  init(_ entry: HoldList.Entry) {
    ticket_id = entry.ticketID
    event_id = entry.eventID
    created_at = entry.createdAt
    expires_at = entry.expiresAt
    expires_in = entry.secondsLeft
    state = entry.isLive ? "live" : "expired"
    cart = entry.cart
  }
}
