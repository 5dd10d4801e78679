import Holds

/// `POST /tickets_lock_best`: holds the best available tickets of an event, or tells how many are free.
struct TicketsLockBest: Endpoint {
  private static let example = #"{"data":{"event_id":"…","quantity":2,"reserved_time":600}}"#

  let service: any HoldService
  let bounds: APIBounds

  func answer(_ request: APIRequest, respond: @escaping @Sendable (APIResponse) -> Void) {
    let requestID = request.requestID
    let best: BestRequest
    let wantsDetails: Bool
    do throws(BadRequest) {
      let members = try RequestMembers(of: request, bounds: bounds, example: Self.example)
      best = BestRequest(
        eventID: try members.eventID().text, zone: try members.zone(),
        quantity: try members.quantity(), mustBeAdjacent: try members.flag(.adjacent),
        reservedSeconds: try members.reservedSeconds(), holdID: try members.holdID(),
        shopper: try members.shopper())
      wantsDetails = try members.flag(.details)
    } catch {
      return respond(.refusal(error, requestID: requestID))
    }
    service.submit(.lockBest(best), requestID: requestID) { [bounds] outcome in
      switch outcome {
      case .chosen(let ticketIDs, let grant):
        let body = TicketsLock.granted(ticketIDs, best.holdID, grant)
        respond(APIResponse(status: 200, requestID: requestID, body: body))
      case .notEnough(let free):
        let body = Self.refused(free: free, wantsDetails: wantsDetails)
        respond(APIResponse(status: 400, requestID: requestID, body: body))
      default:
        respond(.other(outcome, bounds: bounds, requestID: requestID))
      }
    }
  }

  /// No ticket is named, since the caller has named none.
  private static func refused(free: Int, wantsDetails: Bool) -> [UInt8] {
    var writer = JSONWriter()
    writer.raw(
      #"{"message":"Tickets not available","status":400,"data":{"valido":false,"nodisponible":[]"#)
    writer.raw(#","free":"#)
    writer.integer(free)
    if wantsDetails { writer.raw(#","unavailable":[]"#) }
    writer.raw("}}")
    return writer.bytes
  }
}
