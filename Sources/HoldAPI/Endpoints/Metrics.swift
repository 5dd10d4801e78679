/// `GET /metrics`: what the process counts, in Prometheus' text format. Web servers keep it from the
/// public.
struct Metrics: Endpoint {
  /// Puts the text together.
  let text: @Sendable () -> [UInt8]

  func answer(_ request: APIRequest, respond: @escaping @Sendable (APIResponse) -> Void) {
    var response = APIResponse(status: 200, requestID: request.requestID, body: text())
    response.contentType = "text/plain; version=0.0.4"
    respond(response)
  }
}
