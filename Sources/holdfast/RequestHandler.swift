internal import FastCGI
internal import HoldAPI
internal import Logging
private import Threads

/// Carries a request from FastCGI to the API, and its answer back.
struct RequestHandler: Sendable {
  private let api: API
  private let log: AnswerLog
  private let retryAfterSeconds: Int

  /// How many requests have been answered.
  var answeredCount: Int { log.answered.value }

  /// - Parameter retryAfterSeconds: When to ask again after an answer that could not be sent.
  init(api: API, logger: Logger, metrics: RequestMetrics?, retryAfterSeconds: Int) {
    self.api = api
    self.retryAfterSeconds = retryAfterSeconds
    log = AnswerLog(logger: logger, metrics: metrics)
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
    api.answer(request) { [log, retryAfterSeconds] response in
      // Parameters end with the answer.
      let trace = log.trace(of: exchange, status: response.status)
      if response.longBody != nil {
        let busy = APIResponse.error(
          status: 503, message: "Service busy: too much is being sent; nothing was changed",
          requestID: response.requestID, retryAfterSeconds: retryAfterSeconds)
        return Self.send(long: response, to: exchange, insteadWhenBusy: busy) { status in
          let nanoseconds = log.count(status, of: request, since: start)
          log.write(status, of: request, trace: trace, nanoseconds: nanoseconds)
        }
      }
      // First, so that whoever has an answer finds it counted.
      let nanoseconds = log.count(response.status, of: request, since: start)
      exchange.respond(CGIResponse.bytes(response))
      log.write(response.status, of: request, trace: trace, nanoseconds: nanoseconds)
    }
  }

  /// - Parameter willSend: Is told the status of what is sent, when its turn has come.
  private static func send(
    long response: APIResponse, to exchange: FastCGIExchange, insteadWhenBusy busy: APIResponse,
    willSend: @escaping @Sendable (Int) -> Void
  ) {
    exchange.respond(
      CGIResponse.pieces(response), insteadWhenBusy: CGIResponse.bytes(busy),
      willSend: { [status = response.status] isBusy in willSend(isBusy ? busy.status : status) })
  }
}
