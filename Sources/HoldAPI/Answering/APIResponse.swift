public import Holds

/// An answer, complete except for the headers that depend on how it is sent (`Content-Length`).
///
/// Its description omits the body, which may contain a caller's `hold_id`.
public struct APIResponse: Sendable, Equatable, CustomStringConvertible, CustomReflectable {
  /// The HTTP status.
  public var status: Int

  /// The value of `X-Request-Id`, which every answer carries.
  public let requestID: String

  /// The value of `Content-Type`; nil where there is no content, as in a 304.
  var contentType: String? = "application/json"

  /// The value of `Cache-Control`; nil only where another answer takes this one's place.
  var cacheControl: String? = "no-store"

  /// The headers that only this answer has: `Allow`, `Retry-After`, `ETag` and the like.
  var ownHeaders: [APIHeader] = []

  /// The envelope as JSON, or the document; empty in the answer to HEAD.
  public var body: [UInt8]

  /// What comes after `body`, where that may be long.
  public internal(set) var longBody: LongBody?

  /// What comes after `longBody`.
  public internal(set) var bodyEnd: [UInt8] = []

  /// How long the whole body is.
  public var bodyByteCount: Int { body.count + (longBody?.byteCount ?? 0) + bodyEnd.count }

  /// Creates an answer without headers of its own.
  init(status: Int, requestID: String, body: [UInt8]) {
    self.status = status
    self.requestID = requestID
    self.body = body
  }

  /// Calls `body` with each header, in the order in which they are sent: `Content-Type`,
  /// `Cache-Control`, `X-Request-Id`, its own.
  public func forEachHeader(_ body: (_ name: String, _ value: String) -> Void) {
    if let contentType { body("Content-Type", contentType) }
    if let cacheControl { body("Cache-Control", cacheControl) }
    body("X-Request-Id", requestID)
    for header in ownHeaders { body(header.name, header.value) }
  }

  /// The same answer to HEAD.
  var withoutBody: APIResponse {
    var response = self
    response.body = []
    response.longBody = nil
    response.bodyEnd = []
    return response
  }

  /// The status and the body's length: never the body.
  public var description: String { "APIResponse(\(status), \(bodyByteCount) bytes)" }

  /// Never the body.
  public var customMirror: Mirror { Mirror(self, children: []) }
}

/// One header of an answer, as it is sent.
struct APIHeader: Sendable, Equatable {
  var name: String

  /// Without line breaks.
  var value: String
}
