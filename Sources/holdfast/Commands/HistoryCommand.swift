internal import ArgumentParser
private import FoundationEssentials
private import HoldStore
private import Postgres

/// `holdfast history`: tells what happened to a ticket.
struct HistoryCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "history", abstract: "Tell what happened to a ticket, or who had it at a time.",
    usage: "holdfast history --ticket <ticket> [<options>]",
    discussion: DatabaseOptions.help(
      "Times are UTC. FOR is how long a hold was to last or, where it ended, how long it lasted. "
        + "Refusals are not listed: the cause of one is whoever held the ticket at that time. Sales by "
        + "plain SQL are not listed either."))

  @Option(help: "The ticket.")
  var ticket: String

  @Option(
    help: ArgumentHelp(
      "Who had it then? 20:03, which is the minute's start, or 2026-11-25T20:03:07Z, which is all of that "
        + "second. A time of day is the last that has passed.",
      valueName: "time"))
  var at: String?

  @Option(help: "How many rows to read at most, the latest ones.")
  var limit = 100

  @Flag(help: "Write one JSON object a line.")
  var json = false

  @OptionGroup var database: DatabaseOptions

  func validate() throws {
    guard (1...1_000_000).contains(limit) else {
      throw ValidationError("--limit: expected 1 to 1000000, got \"\(limit)\"")
    }
    guard !(at ?? "-").isEmpty else {
      throw ValidationError(
        "--at: expected a time such as 20:03, got nothing")
    }
  }

  func run() throws {
    let (connection, deadline) = try database.connect()
    let history: TicketHistory
    do throws(PostgresError) {
      history = try TicketHistory(
        ofTicket: ticket, until: at ?? "", limit: limit, connection, deadline: deadline)
    } catch {
      throw Self.explained(error, time: at)
    }
    if at != nil {
      print(json ? JSONLine.text(StateObject(history, ticket)) : Self.sentence(history, ticket))
    } else if json {
      for event in history.events { print(JSONLine.text(EventObject(event, ticket))) }
    } else {
      printTable(history)
    }
    if at == nil, history.isTruncated {
      printError("there is more before: repeat with a --limit above \(limit)")
    }
  }

  private static func explained(_ error: PostgresError, time: String?) -> any Error {
    switch error.code {
    case .server(let state) where state.rawValue.hasPrefix("22") && time != nil:
      SettingError(
        "--at: expected a time such as 20:03 or 2026-11-25T20:03:00Z, got \"\(time ?? "")\"")
    default: error.askingForMigration
    }
  }

  private func printTable(_ history: TicketHistory) {
    guard !history.events.isEmpty else {
      return print("nothing about \(TextTable.printable(ticket)) in the history")
    }
    var table = TextTable("TIME", "WHAT", "FOR", "CART", "REQUEST")
    for event in history.events {
      let what = event.kind == .releasedByOperator ? "operator" : event.kind.rawValue
      table.append(
        Readable.instant(microseconds: event.at), what, Self.length(event),
        event.cart ?? "-", event.note ?? event.requestID ?? "-")
    }
    for line in table.lines { print(line) }
  }

  private static func length(_ event: TicketHistory.Event) -> String {
    let (start, end) =
      switch event.kind {
      case .held, .renewed: (Optional(event.at), event.until)
      default: (event.since, Optional(event.at))
      }
    guard let start, let end else { return "-" }
    return Readable.duration(seconds: Int((end - start + 500_000) / 1_000_000))
  }

  private static func sentence(_ history: TicketHistory, _ ticket: String) -> String {
    let time = Readable.instant(microseconds: history.asOf)
    let start = "\(time) \(TextTable.printable(ticket)): "
    switch history.state {
    case .unknown: return start + "nothing about it in the history up to then"
    case .held(let event):
      let owner = event.cart.map { "by cart \($0)" } ?? "anonymously"
      let since = event.since.map { " since \(Readable.instant(microseconds: $0))" } ?? ""
      let until = event.until.map { " until \(Readable.instant(microseconds: $0))" } ?? ""
      return start + "held \(owner)\(since)\(until)\(request(event))"
    case .free(let event):
      return start + "not held; \(event.kind.rawValue) at "
        + "\(Readable.instant(microseconds: event.at))\(request(event))"
    case .sold(let event):
      return start + "sold at \(Readable.instant(microseconds: event.at))\(request(event))"
    }
  }

  private static func request(_ event: TicketHistory.Event) -> String {
    if let note = event.note { return ": \(TextTable.printable(note))" }
    return event.requestID.map { ", request \($0)" } ?? ""
  }
}

/// An event as `--json` shows it.
private struct EventObject: Encodable {
  let ticket_id: String
  let at: String
  let event: String
  let since: String?
  let until: String?
  let cart: String?
  let request_id: String?
  let note: String?

  init(_ event: TicketHistory.Event, _ ticket: String) {
    ticket_id = ticket
    at = Readable.timestamp(microseconds: event.at)
    self.event = event.kind == .releasedByOperator ? "released_by_operator" : event.kind.rawValue
    since = event.since.map { Readable.timestamp(microseconds: $0) }
    until = event.until.map { Readable.timestamp(microseconds: $0) }
    cart = event.cart
    request_id = event.requestID
    note = event.note
  }
}

/// Who had a ticket, as `--json` shows it.
private struct StateObject: Encodable {
  let ticket_id: String
  let at: String
  let state: String
  let last_event: EventObject?

  init(_ history: TicketHistory, _ ticket: String) {
    ticket_id = ticket
    at = Readable.timestamp(microseconds: history.asOf)
    let last: TicketHistory.Event?
    switch history.state {
    case .unknown: (state, last) = ("unknown", nil)
    case .held(let event): (state, last) = ("held", event)
    case .free(let event): (state, last) = ("free", event)
    case .sold(let event): (state, last) = ("sold", event)
    }
    last_event = last.map { EventObject($0, ticket) }
  }
}
