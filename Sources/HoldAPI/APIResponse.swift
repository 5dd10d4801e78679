/// An answer, complete but for the headers that depend on how it is sent (`Content-Length`).
///
/// It describes itself without its body, which may repeat a caller's `hold_id`.
public struct APIResponse: Sendable, Equatable, CustomStringConvertible, CustomReflectable {
  /// The HTTP status.
  public var status: Int

  /// What `X-Request-Id` answers, in every answer.
  public let requestID: String

  /// What only this answer has: on some statuses `Allow` or `Retry-After`.
  public internal(set) var ownHeaders: [APIHeader] = []

  /// The envelope as JSON; empty in the answer to HEAD.
  public var body: [UInt8]

  /// Creates an answer without headers of its own.
  init(status: Int, requestID: String, body: [UInt8]) {
    self.status = status
    self.requestID = requestID
    self.body = body
  }

  /// The headers that are the same in every answer.
  public static let commonHeaders = [
    APIHeader(name: "Content-Type", value: "application/json"),
    APIHeader(name: "Cache-Control", value: "no-store"),
  ]

  /// All headers in the order in which they are sent: the common ones, `X-Request-Id`, its own.
  public var headers: [APIHeader] {
    Self.commonHeaders + [APIHeader(name: "X-Request-Id", value: requestID)] + ownHeaders
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
