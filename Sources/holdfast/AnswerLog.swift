internal import FastCGI
internal import HoldAPI
internal import Logging
internal import Threads

/// Counts and logs what is answered.
struct AnswerLog: Sendable {
  let logger: Logger
  let metrics: RequestMetrics?
  let answered = Counter()

  /// - Returns: How long the request has taken.
  func count(_ status: Int, of request: APIRequest, since start: Instant) -> Int {
    let nanoseconds = Int(Instant.now.nanoseconds - start.nanoseconds)
    metrics?.count(path: request.path, status: status, nanoseconds: nanoseconds)
    answered.add()
    return nanoseconds
  }

  /// The trace of a request, if it is to be logged.
  func trace(of exchange: FastCGIExchange, status: Int) -> String? {
    guard logger.logLevel <= level(status) else { return nil }
    return TraceContext.traceID(of: exchange.parameter("HTTP_TRACEPARENT"))
  }

  func write(_ status: Int, of request: APIRequest, trace: String?, nanoseconds: Int) {
    logger.log(
      level: level(status), "answered",
      metadata: details(status, of: request, trace: trace, nanoseconds: nanoseconds))
  }

  /// A 500 means that something is wrong which a person must mend.
  private func level(_ status: Int) -> Logger.Level { status == 500 ? .warning : .debug }

  private func details(
    _ status: Int, of request: APIRequest, trace: String?, nanoseconds: Int
  ) -> Logger.Metadata {
    var details: Logger.Metadata = [
      "request_id": "\(request.requestID)", "method": "\(request.method)",
      "path": "\(request.path)", "status": "\(status)", "microseconds": "\(nanoseconds / 1000)",
    ]
    if let trace { details["trace_id"] = "\(trace)" }
    return details
  }
}
