internal import FastCGI
internal import HoldAPI
internal import Logging
private import Synchronization
private import Threads

/// Carries a request from FastCGI to the API, and its answer back.
struct RequestHandler: Sendable {
  private let api: API
  private let logger: Logger
  private let tally = Tally()

  /// How many requests have been answered.
  var answeredCount: Int { tally.count.load(ordering: .relaxed) }

  init(api: API, logger: Logger) {
    self.api = api
    self.logger = logger
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
      body: exchange.body, headerValue: { exchange.parameter($0) })
    api.answer(request) { [logger, tally] response in
      if response.longBody == nil {
        exchange.respond(CGIResponse.bytes(response))
      } else {
        let busy = APIResponse.error(
          status: 503, message: "Service busy: too much is being sent; nothing was changed",
          requestID: request.requestID)
        exchange.respond(CGIResponse.pieces(response), insteadWhenBusy: CGIResponse.bytes(busy))
      }
      tally.count.add(1, ordering: .relaxed)
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

/// Counts on all threads.
private final class Tally: Sendable {
  let count = Atomic(0)
}

/// Request ids: 1 to 64 of `[A-Za-z0-9._-]`, safe to echo and to log.
enum RequestID {
  /// The web server's or caller's id if it is one, else a new random one of 32 hexadecimal digits.
  static func usable(_ candidate: String?) -> String {
    if let candidate, (1...64).contains(candidate.utf8.count), candidate.utf8.allSatisfy(isAllowed)
    {
      return candidate
    }
    let words = [UInt64.random(in: 0 ... .max), UInt64.random(in: 0 ... .max)]
    return words.map { word in
      let digits = String(word, radix: 16)
      return String(repeating: "0", count: 16 - digits.count) + digits
    }.joined()
  }

  private static func isAllowed(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"),
      UInt8(ascii: "-"):
      true
    default: false
    }
  }
}
