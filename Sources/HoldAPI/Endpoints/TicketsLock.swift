import Holds

/// `POST /tickets_lock`: holds all of the tickets, or none and lists those that are unavailable.
struct TicketsLock: Endpoint {
  private static let example = #"{"data":{"ticketd_reserved":["…"],"reserved_time":600}}"#

  let service: any HoldService
  let bounds: APIBounds

  func answer(_ request: APIRequest, respond: @escaping @Sendable (APIResponse) -> Void) {
    let requestID = request.requestID
    let lock: LockRequest
    let wantsDetails: Bool
    do throws(BadRequest) {
      let members = try RequestMembers(of: request, bounds: bounds, example: Self.example)
      lock = LockRequest(
        ticketIDs: try members.ticketIDs(.ticketdReserved),
        reservedSeconds: try members.reservedSeconds(), holdID: try members.holdID(),
        shopper: try members.shopper())
      wantsDetails = try members.flag(.details)
    } catch {
      return respond(.refusal(error, requestID: requestID))
    }
    service.submit(.lock(lock), requestID: requestID) { [bounds] outcome in
      switch outcome {
      case .granted(let grant):
        let body = Self.granted(lock.ticketIDs, lock.holdID, grant)
        respond(APIResponse(status: 200, requestID: requestID, body: body))
      case .refused(let tickets):
        let body = Self.refused(tickets, wantsDetails: wantsDetails)
        respond(APIResponse(status: 400, requestID: requestID, body: body))
      default:
        respond(.other(outcome, bounds: bounds, requestID: requestID))
      }
    }
  }

  /// The answer to whoever holds these tickets now.
  static func granted(_ ticketIDs: [String], _ holdID: HoldID?, _ grant: HoldGrant) -> [UInt8] {
    var writer = JSONWriter()
    writer.raw(
      #"{"message":"Tickets blocked","status":200,"data":{"valido":true,"tickets":"#)
    writer.strings(ticketIDs)
    if let holdID {
      writer.raw(#","hold_id":"#)
      writer.string(holdID.secret)
      writer.raw(#","expires_at":""#)
      writer.timestamp(unixMicroseconds: grant.expiresAtUnixMicroseconds)
      writer.raw(#"","expires_in":"#)
      writer.integer(grant.expiresInSeconds)
    }
    writer.raw("}}")
    return writer.bytes
  }

  static func refused(_ tickets: [UnavailableTicket], wantsDetails: Bool) -> [UInt8] {
    var writer = JSONWriter()
    writer.raw(
      #"{"message":"Tickets not available","status":400,"data":{"valido":false,"nodisponible":"#)
    writer.strings(tickets.lazy.map(\.ticketID))
    if wantsDetails {
      writer.raw(#","unavailable":"#)
      writer.array(tickets) { writer, ticket in
        writer.raw(#"{"ticket_id":"#)
        writer.string(ticket.ticketID)
        writer.raw(ticket.reason.jsonMember)
        if let seconds = ticket.availableInSeconds {
          writer.integer(seconds)
        } else {
          writer.raw("null")
        }
        writer.raw("}")
      }
    }
    writer.raw("}}")
    return writer.bytes
  }
}

extension UnavailableTicket.Reason {
  /// The member `reason`, up to the value of the one that follows it.
  fileprivate var jsonMember: String {
    switch self {
    case .sold: #","reason":"sold","available_in":"#
    case .held: #","reason":"held","available_in":"#
    case .unknown: #","reason":"unknown","available_in":"#
    case .withheld: #","reason":"withheld","available_in":"#
    }
  }
}
