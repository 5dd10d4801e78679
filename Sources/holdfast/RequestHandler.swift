internal import FastCGI
internal import HoldAPI
internal import Logging
private import Threads

/// Carries a request from FastCGI to the API, and its answer back.
struct RequestHandler: Sendable {
  private let api: API
  private let logger: Logger
  private let metrics: RequestMetrics?
  private let answered = Counter()

  /// How many requests have been answered.
  var answeredCount: Int { answered.value }

  init(api: API, logger: Logger, metrics: RequestMetrics?) {
    self.api = api
    self.logger = logger
    self.metrics = metrics
  }

  func handle(_ exchange: FastCGIExchange) {
    let start = Instant.now
    let method = exchange.parameter("REQUEST_METHOD") ?? ""
    let path = exchange.parameter("DOCUMENT_URI") ?? exchange.parameter("SCRIPT_NAME") ?? ""
    let request = APIRequest(
      method: method, path: path, query: exchange.parameter("QUERY_STRING") ?? "",
      contentType: exchange.parameter("CONTENT_TYPE"),
      requestID: RequestID.usable(
        exchange.parameter("REQUEST_ID") ?? exchange.parameter("HTTP_X_REQUEST_ID")),
      body: exchange.body, headerValue: { exchange.parameterBytes($0) })
    api.answer(request) { [logger, metrics, answered] response in
      // A 500 means that something is wrong which a person must mend.
      let level: Logger.Level = response.status == 500 ? .warning : .debug
      // Parameters end with the answer.
      let trace =
        logger.logLevel <= level
        ? TraceContext.traceID(of: exchange.parameter("HTTP_TRACEPARENT")) : nil
      let nanoseconds = Int(Instant.now.nanoseconds - start.nanoseconds)
      // First, so that whoever has an answer finds it counted.
      metrics?.count(path: request.path, status: response.status, nanoseconds: nanoseconds)
      Self.send(response, to: exchange, requestID: request.requestID)
      answered.add()
      logger.log(
        level: level, "answered",
        metadata: Self.details(of: request, response, trace: trace, nanoseconds: nanoseconds))
    }
  }

  private static func send(
    _ response: APIResponse, to exchange: FastCGIExchange, requestID: String
  ) {
    guard response.longBody != nil else {
      return exchange.respond(CGIResponse.bytes(response))
    }
    let busy = APIResponse.error(
      status: 503, message: "Service busy: too much is being sent; nothing was changed",
      requestID: requestID)
    exchange.respond(CGIResponse.pieces(response), insteadWhenBusy: CGIResponse.bytes(busy))
  }

  private static func details(
    of request: APIRequest, _ response: APIResponse, trace: String?, nanoseconds: Int
  ) -> Logger.Metadata {
    var details: Logger.Metadata = [
      "request_id": "\(request.requestID)", "method": "\(request.method)",
      "path": "\(request.path)", "status": "\(response.status)",
      "microseconds": "\(nanoseconds / 1000)",
    ]
    if let trace { details["trace_id"] = "\(trace)" }
    return details
  }
}
