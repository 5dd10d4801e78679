import Holds

/// `POST /tickets_unlock_param`: releases the named tickets as far as they are the caller's.
///
/// The answer is the same whether or not they were held, so that it tells nothing of who holds what.
struct TicketsUnlockParam {
  private static let done = Array(
    #"{"message":"Tickets unblocked","status":200,"data":{"valido":true}}"#.utf8)

  let service: any HoldService
  let bounds: APIBounds

  func answer(_ request: APIRequest, respond: @escaping @Sendable (APIResponse) -> Void) {
    let requestID = request.requestID
    let release: ReleaseRequest
    do throws(BadRequest) {
      let body = try BodyReader(bounds: bounds).read(ReleaseBody.self, from: request)
      release = try body.makeRequest(bounds: bounds)
    } catch {
      return respond(.refusal(error, requestID: requestID))
    }
    service.submit(.release(release)) { [bounds] outcome in
      switch outcome {
      case .released:
        respond(APIResponse(status: 200, requestID: requestID, body: Self.done))
      case .failed(let failure):
        respond(.failed(failure, bounds: bounds, requestID: requestID))
      case .granted, .refused:
        respond(.unexpectedOutcome(requestID: requestID))
      }
    }
  }
}
