/// A request as the server has read it: only its request id has been checked.
///
/// Its description omits the body, which may contain a caller's `hold_id`.
public struct APIRequest: Sendable, CustomStringConvertible, CustomReflectable {
  /// The HTTP method, in capitals.
  public let method: String

  /// The path alone, without a query.
  public let path: String

  /// The query as it was sent, without the question mark and still percent-encoded; empty when there
  /// was none.
  public let query: String

  /// The value of `Content-Type`; nil when there was none.
  public let contentType: String?

  /// The value for `X-Request-Id` in the answer: 1 to 64 of `[A-Za-z0-9._-]`.
  public let requestID: String

  /// The body; at most one byte more than `APIBounds.maximumBodyBytes` is needed.
  public let body: [UInt8]

  private let headerValue: @Sendable (StaticString) -> [UInt8]?

  /// Creates a request.
  ///
  /// - Parameter headerValue: Looks up a header by its CGI name; it is called before the answer only.
  public init(
    method: String, path: String, query: String = "", contentType: String?, requestID: String,
    body: [UInt8], headerValue: @escaping @Sendable (StaticString) -> [UInt8]? = { _ in nil }
  ) {
    self.method = method
    self.path = path
    self.query = query
    self.headerValue = headerValue
    self.contentType = contentType
    self.requestID = requestID
    self.body = body
  }

  /// The value of a header that the web server passes on, by its CGI name (RFC 3875, section 4.1.18),
  /// such as `HTTP_IF_NONE_MATCH`; nil when it is absent or empty. What is not UTF-8 in it is replaced.
  ///
  /// To be called before the request is answered: its headers end with it.
  public func header(_ name: StaticString) -> String? {
    headerBytes(name).map { String(decoding: $0, as: UTF8.self) }
  }

  /// The same as it was sent.
  public func headerBytes(_ name: StaticString) -> [UInt8]? { headerValue(name) }

  /// The method, the path and the body's length: never the body.
  public var description: String { "APIRequest(\(method) \(path), \(body.count) bytes)" }

  /// Never the body.
  public var customMirror: Mirror { Mirror(self, children: []) }
}
