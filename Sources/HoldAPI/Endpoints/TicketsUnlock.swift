import Holds

/// `POST /tickets_unlock`: deletes every expired hold. A body is not read.
struct TicketsUnlock: Endpoint {
  private static let done = Array(
    #"{"message":"Expired tickets unblocked","status":200,"data":{"valido":true}}"#.utf8)

  let service: any HoldService
  let bounds: APIBounds

  func answer(_ request: APIRequest, respond: @escaping @Sendable (APIResponse) -> Void) {
    service.releaseExpired { [bounds, requestID = request.requestID] failure in
      if let failure {
        respond(.failed(failure, bounds: bounds, requestID: requestID))
      } else {
        respond(APIResponse(status: 200, requestID: requestID, body: Self.done))
      }
    }
  }
}
