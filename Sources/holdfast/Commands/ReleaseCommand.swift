internal import ArgumentParser
private import FoundationEssentials
private import HoldStore
private import Holds

/// `holdfast release`: releases holds on behalf of a customer, whoever owns them.
struct ReleaseCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "release", abstract: "Release the hold on a ticket, whoever owns it.",
    usage: "holdfast release --ticket <ticket> --reason <reason> [<options>]",
    discussion: DatabaseOptions.help(
      "The history notes the release, with the reason, your user and your database role. "
        + "The exit code is 1 if none of the tickets was held."))

  private static let reasonLength = 1...500

  @Option(help: "The ticket whose hold is released; may be repeated.")
  var ticket: [String]

  @Option(help: "Why, for the history: 1 to 500 characters.")
  var reason: String

  @Flag(help: "Write one JSON object a line.")
  var json = false

  @OptionGroup var database: DatabaseOptions

  mutating func validate() throws {
    reason = reason.split(separator: " ").joined(separator: " ")
    guard Self.reasonLength.contains(reason.count) else {
      throw ValidationError("--reason: expected 1 to 500 characters, got \(reason.count)")
    }
    guard !ticket.isEmpty, ticket.allSatisfy({ !$0.isEmpty }) else {
      throw ValidationError("--ticket: expected a ticket's id, got nothing")
    }
  }

  func run() throws {
    let (connection, deadline) = try database.connect()
    var tickets: [String] = []
    var seen: Set<ExactText> = []
    for name in ticket where seen.insert(ExactText(name)).inserted { tickets.append(name) }
    let released = try HoldRelease(
      ticketIDs: tickets, reason: reason, user: ProcessInfo.processInfo.userName
    ).run(connection, deadline: deadline)
    for name in tickets {
      let row = released.first { ExactText($0.ticketID) == ExactText(name) }
      let wasLive = row?.wasLive ?? false
      let object = ReleaseObject(
        ticket_id: name, released: wasLive, expires_at: row?.expiresAt, cart: row?.cart)
      print(json ? JSONLine.text(object) : Self.line(object, wasFound: row != nil))
    }
    guard released.contains(where: \.wasLive) else { throw ExitCode.failure }
  }

  private static func line(_ object: ReleaseObject, wasFound: Bool) -> String {
    let ticket = TextTable.printable(object.ticket_id)
    guard object.released else {
      return "\(ticket): was not held" + (wasFound ? "; its expired row is deleted" : "")
    }
    let owner = object.cart.map { "by cart \($0)" } ?? "anonymously"
    return "\(ticket): released; it was held \(owner) until \(Readable.instant(object.expires_at))"
  }
}

/// What became of a ticket, as `--json` shows it.
private struct ReleaseObject: Encodable {
  let ticket_id: String
  let released: Bool
  let expires_at: String?
  let cart: String?
}
