import Holds

/// `GET /readyz`: whether new requests can be served, and which check says that they cannot.
struct Readyz {
  let service: any HoldService
  let bounds: APIBounds

  func answer(_ request: APIRequest, respond: @escaping @Sendable (APIResponse) -> Void) {
    service.checkReadiness { [bounds, requestID = request.requestID] readiness in
      respond(Self.response(to: readiness, bounds: bounds, requestID: requestID))
    }
  }

  private static func response(
    to readiness: Readiness, bounds: APIBounds, requestID: String
  ) -> APIResponse {
    var writer = JSONWriter()
    writer.raw(
      readiness.isReady
        ? #"{"message":"Ready","status":200,"data":{"database":"#
        : #"{"message":"Not ready","status":503,"data":{"database":"#)
    writer.raw(readiness.databaseAnswers ? #""ok","stopping":"# : #""unreachable","stopping":"#)
    writer.raw(readiness.isStopping ? "true}}" : "false}}")
    var response = APIResponse(
      status: readiness.isReady ? 200 : 503, requestID: requestID, body: writer.bytes)
    if !readiness.isReady { response.addRetryAfter(seconds: bounds.retryAfterSeconds) }
    return response
  }
}
