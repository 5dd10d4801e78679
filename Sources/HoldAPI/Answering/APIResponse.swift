/// An answer, complete except for the headers that depend on how it is sent (`Content-Length`).
///
/// Its description omits the body, which may contain a caller's `hold_id`.
public struct APIResponse: Sendable, Equatable, CustomStringConvertible, CustomReflectable {
  /// The HTTP status.
  public var status: Int

  /// The value of `X-Request-Id`, which every answer carries.
  public let requestID: String

  /// The value of `Content-Type`.
  public internal(set) var contentType = "application/json"

  /// The headers that only this answer has: `Allow`, `Retry-After` or `WWW-Authenticate`.
  public internal(set) var ownHeaders: [APIHeader] = []

  /// The envelope as JSON, or the document; empty in the answer to HEAD.
  public var body: [UInt8]

  /// Creates an answer without headers of its own.
  init(status: Int, requestID: String, body: [UInt8]) {
    self.status = status
    self.requestID = requestID
    self.body = body
  }

  /// The headers that are the same in every answer.
  public static let commonHeaders = [APIHeader(name: "Cache-Control", value: "no-store")]

  /// All headers in the order in which they are sent: `Content-Type`, the common ones,
  /// `X-Request-Id`, its own.
  public var headers: [APIHeader] {
    [APIHeader(name: "Content-Type", value: contentType)] + Self.commonHeaders
      + [APIHeader(name: "X-Request-Id", value: requestID)] + ownHeaders
  }

  /// The same answer to HEAD.
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

/// One header of an answer.
public struct APIHeader: Sendable, Hashable {
  /// The name, spelled as it is sent.
  public var name: String

  /// The value, without line breaks.
  public var value: String

  /// Creates a header.
  public init(name: String, value: String) {
    self.name = name
    self.value = value
  }
}
