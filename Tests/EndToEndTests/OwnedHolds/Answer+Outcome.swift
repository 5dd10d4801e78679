import Foundation
import Holds

extension HoldOperation {
  /// The request for it: of a lock, with details.
  var request: (path: String, body: String) {
    switch self {
    case .lock(let lock):
      (
        "/tickets_lock",
        RequestText.lock(
          lock.ticketIDs, seconds: lock.reservedSeconds, holdID: lock.holdID?.secret, details: true)
      )
    case .lockBest(let best):
      (
        "/tickets_lock_best",
        RequestText.best(
          best.quantity, of: best.eventID, isAdjacent: best.mustBeAdjacent,
          seconds: best.reservedSeconds, holdID: best.holdID?.secret)
      )
    case .release(let release):
      (
        "/tickets_unlock_param",
        RequestText.release(release.ticketIDs, holdID: release.holdID?.secret)
      )
    case .confirm(let confirm):
      (
        "/tickets_confirm",
        RequestText.confirm(
          confirm.ticketIDs, order: confirm.orderID, holdID: confirm.holdID?.secret)
      )
    }
  }
}

extension Answer {
  /// The answer to the request for an operation that had this outcome.
  static func to(_ operation: HoldOperation, _ outcome: HoldOutcome) -> String {
    switch (operation, outcome) {
    case (.lock(let lock), .granted(let grant)): granted(lock.ticketIDs, lock.holdID, grant)
    case (.lockBest(let best), .chosen(let ticketIDs, let grant)):
      granted(ticketIDs, best.holdID, grant)
    case (.lock, .refused(let tickets)): refused(tickets)
    case (.confirm, .refused(let tickets)): refused(tickets.map(\.ticketID))
    case (.confirm(let confirm), .sold): sold(confirm.ticketIDs, order: confirm.orderID)
    case (.confirm, .orderMismatch): bad("The order exists with other tickets", status: 409)
    case (.release, .released): released
    case (.lockBest, .notEnough(let free)): notEnough(free: free)
    case (_, .overLimit(let limit, let held)): overLimit(limit, held: held)
    default: "none for \(outcome)"
    }
  }

  private static func granted(
    _ tickets: [String], _ holdID: HoldID?, _ grant: HoldGrant
  ) -> String {
    guard let secret = holdID?.secret else { return granted(tickets) }
    let (seconds, rest) = grant.expiresAtUnixMicroseconds
      .quotientAndRemainder(dividingBy: 1_000_000)
    let time = Date(timeIntervalSince1970: Double(seconds)).ISO8601Format().dropLast()
    return granted(tickets).dropLast(2) + #","hold_id":"\#(secret)","expires_at":"\#(time)"#
      + String(format: ".%03d", Int(rest / 1000))
      + #"Z","expires_in":\#(grant.expiresInSeconds)}}"#
  }

  private static func refused(_ tickets: [UnavailableTicket]) -> String {
    let details = tickets.map { ticket in
      #"{"ticket_id":"\#(ticket.ticketID)","reason":"\#(ticket.reason)","available_in":"#
        + (ticket.availableInSeconds.map { "\($0)" } ?? "null") + "}"
    }
    return refused(tickets.map(\.ticketID)).dropLast(2)
      + #","unavailable":["# + details.joined(separator: ",") + "]}}"
  }
}

extension HTTPResponse {
  /// Whether it is the answer to the request for an operation that had this outcome.
  ///
  /// - Parameter hasTimes: Whether what depends on the clock is compared too.
  func tells(_ outcome: HoldOutcome, of operation: HoldOperation, hasTimes: Bool = true) -> Bool {
    func compared(_ body: String) -> String {
      hasTimes ? body : body.replacing(/"(expires_at|expires_in|available_in)":[^,}]*/, with: "")
    }
    return compared(body) == compared(Answer.to(operation, outcome))
      && body.contains("\"status\":\(status),")
  }
}
