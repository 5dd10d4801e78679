/// A request as the server has read it: only its request id has been checked.
///
/// Its description omits the body, which may contain a caller's `hold_id`.
public struct APIRequest: Sendable, CustomStringConvertible, CustomReflectable {
  /// The HTTP method, in capitals.
  public let method: String

  /// The path alone, without a query.
  public let path: String

  /// The value of `Content-Type`; nil when there was none.
  public let contentType: String?

  /// The value for `X-Request-Id` in the answer: 1 to 64 of `[A-Za-z0-9._-]`.
  public let requestID: String

  /// The body; at most one byte more than `APIBounds.maximumBodyBytes` is needed.
  public let body: [UInt8]

  /// Creates a request.
  public init(
    method: String, path: String, contentType: String?, requestID: String, body: [UInt8]
  ) {
    self.method = method
    self.path = path
    self.contentType = contentType
    self.requestID = requestID
    self.body = body
  }

  /// The method, the path and the body's length: never the body.
  public var description: String { "APIRequest(\(method) \(path), \(body.count) bytes)" }

  /// Never the body.
  public var customMirror: Mirror { Mirror(self, children: []) }
}
