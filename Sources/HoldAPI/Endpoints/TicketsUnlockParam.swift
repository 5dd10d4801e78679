import Holds

/// `POST /tickets_unlock_param`: releases those of the named tickets that the caller may release.
///
/// The answer is the same whether or not they were held, so that it does not reveal who holds what.
struct TicketsUnlockParam: Endpoint {
  private static let example = #"{"data":{"tickets":["…"]}}"#
  private static let done = Array(
    #"{"message":"Tickets unblocked","status":200,"data":{"valido":true}}"#.utf8)

  let service: any HoldService
  let bounds: APIBounds

  func answer(_ request: APIRequest, respond: @escaping @Sendable (APIResponse) -> Void) {
    let requestID = request.requestID
    let release: ReleaseRequest
    do throws(BadRequest) {
      let members = try RequestMembers(of: request, bounds: bounds, example: Self.example)
      release = ReleaseRequest(
        ticketIDs: try Self.ticketIDs(members), holdID: try members.holdID())
    } catch {
      return respond(.refusal(error, requestID: requestID))
    }
    service.submit(.release(release), requestID: requestID) { [bounds] outcome in
      switch outcome {
      case .released:
        respond(APIResponse(status: 200, requestID: requestID, body: Self.done))
      default:
        respond(.other(outcome, bounds: bounds, requestID: requestID))
      }
    }
  }

  /// The tickets, under whichever of the two names they were sent.
  private static func ticketIDs(_ members: RequestMembers) throws(BadRequest) -> [String] {
    switch (members[.tickets].isAbsent, members[.ticketdReserved].isAbsent) {
    case (false, true): return try members.ticketIDs(.tickets)
    case (true, false): return try members.ticketIDs(.ticketdReserved)
    case (let isNeither, _):
      throw BadRequest(
        "data", expected: "exactly one of tickets and ticketd_reserved",
        got: isNeither ? "neither" : "both")
    }
  }
}
