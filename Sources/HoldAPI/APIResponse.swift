/// An answer, complete but for the headers that depend on how it is sent (`Content-Length`).
///
/// It describes itself without its body, which may repeat a caller's `hold_id`.
public struct APIResponse: Sendable, Equatable, CustomStringConvertible, CustomReflectable {
  /// The HTTP status.
  public var status: Int

  /// `Content-Type`, `Cache-Control` and `X-Request-Id`; on some statuses `Allow` or `Retry-After`.
  public var headers: [APIHeader]

  /// The envelope as JSON; empty in the answer to HEAD.
  public var body: [UInt8]

  /// Creates an answer with the headers that every answer has.
  init(status: Int, requestID: String, body: [UInt8]) {
    self.status = status
    self.body = body
    headers = [
      APIHeader(name: "Content-Type", value: "application/json"),
      APIHeader(name: "Cache-Control", value: "no-store"),
      APIHeader(name: "X-Request-Id", value: requestID),
    ]
  }

  /// The same answer as HEAD gets it.
  var withoutBody: APIResponse {
    var response = self
    response.body = []
    return response
  }

  /// The status and the body's length: never the body.
  public var description: String { "APIResponse(\(status), \(body.count) bytes)" }

  /// Never the body.
  public var customMirror: Mirror { Mirror(self, children: []) }
}
