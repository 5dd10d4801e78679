internal import FastCGI
internal import HoldAPI
internal import Logging
private import Threads

/// Carries a request from FastCGI to the API, and its answer back.
struct RequestHandler: Sendable {
  private let api: API
  private let logger: Logger

  init(api: API, logger: Logger) {
    self.api = api
    self.logger = logger
  }

  func handle(_ exchange: FastCGIExchange) {
    let start = Instant.now
    let method = exchange.parameter("REQUEST_METHOD") ?? ""
    let path = exchange.parameter("DOCUMENT_URI") ?? exchange.parameter("SCRIPT_NAME") ?? ""
    let request = APIRequest(
      method: method, path: path, contentType: exchange.parameter("CONTENT_TYPE"),
      requestID: RequestID.usable(
        exchange.parameter("REQUEST_ID") ?? exchange.parameter("HTTP_X_REQUEST_ID")),
      body: exchange.body)
    api.answer(request) { [logger] response in
      exchange.respond(CGIResponse.bytes(response))
      logger.debug(
        "answered",
        metadata: [
          "request_id": "\(request.requestID)", "method": "\(request.method)",
          "path": "\(request.path)", "status": "\(response.status)",
          "microseconds": "\((Instant.now.nanoseconds - start.nanoseconds) / 1000)",
        ])
    }
  }
}
