import Holds

/// The body of `tickets_unlock_param`: types are right, bounds not yet checked.
struct ReleaseBody: RequestBody {
  static let example = #"{"data":{"tickets":["…"]}}"#

  private let tickets: [String]?
  private let ticketdReserved: [String]?
  private let holdID: HoldID?

  init(from decoder: any Decoder) throws {
    let data = try decoder.container(keyedBy: Member.self)
      .nestedContainer(keyedBy: Member.self, forKey: .data)
    tickets = try data.decodeIfPresent([String].self, forKey: .tickets)
    ticketdReserved = try data.decodeIfPresent([String].self, forKey: .ticketdReserved)
    holdID = try data.decodeIfPresent(String.self, forKey: .holdID).map { HoldID($0) }
  }

  init?(_ ordinary: OrdinaryBody) {
    tickets = ordinary.tickets
    ticketdReserved = ordinary.ticketdReserved
    holdID = ordinary.holdID
  }

  /// Checks the bounds, and that the tickets are named once.
  func makeRequest(bounds: APIBounds) throws(BadRequest) -> ReleaseRequest {
    let ticketIDs: [String]
    switch (tickets, ticketdReserved) {
    case (let ids?, nil): ticketIDs = try bounds.checkedTickets(ids, of: .tickets)
    case (nil, let ids?): ticketIDs = try bounds.checkedTickets(ids, of: .ticketdReserved)
    case (nil, nil): throw Self.notOne(got: "neither")
    case (_?, _?): throw Self.notOne(got: "both")
    }
    return ReleaseRequest(ticketIDs: ticketIDs, holdID: try bounds.checkedHoldID(holdID))
  }

  static func mistake(in findings: BodyFindings, bounds: APIBounds) -> BadRequest? {
    switch (findings[.tickets].isAbsent, findings[.ticketdReserved].isAbsent) {
    case (true, true): notOne(got: "neither")
    case (false, false): notOne(got: "both")
    case (false, true):
      findings.mistakeInTickets(.tickets, bounds: bounds)
        ?? findings.mistakeInHoldID(bounds: bounds)
    case (true, false):
      findings.mistakeInTickets(.ticketdReserved, bounds: bounds)
        ?? findings.mistakeInHoldID(bounds: bounds)
    }
  }

  private static func notOne(got received: String) -> BadRequest {
    BadRequest(
      Member.data.path, expected: "exactly one of tickets and ticketd_reserved", got: received)
  }
}
