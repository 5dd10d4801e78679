import Holds

/// `GET /livez`: the process serves. Nothing else is checked.
struct Livez: Endpoint {
  private static let alive = Array(#"{"message":"Alive","status":200,"data":{}}"#.utf8)

  func answer(_ request: APIRequest, respond: @escaping @Sendable (APIResponse) -> Void) {
    respond(APIResponse(status: 200, requestID: request.requestID, body: Self.alive))
  }
}

/// `GET /readyz`: whether new requests can be served, and which check failed if they cannot.
struct Readyz: Endpoint {
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
    switch readiness.database {
    case .ok: writer.raw(#""ok""#)
    case .unreachable: writer.raw(#""unreachable""#)
    case .refused(let problem):
      writer.raw(#""refused","database_error":"#)
      writer.string(problem)
    }
    writer.raw(readiness.isStopping ? #","stopping":true"# : #","stopping":false"#)
    if let hasStrictSales = readiness.hasStrictSales {
      writer.raw(hasStrictSales ? #","strict_sales":true"# : #","strict_sales":false"#)
    }
    writer.raw("}}")
    var response = APIResponse(
      status: readiness.isReady ? 200 : 503, requestID: requestID, body: writer.bytes)
    if !readiness.isReady { response.addRetryAfter(seconds: bounds.retryAfterSeconds) }
    return response
  }
}
