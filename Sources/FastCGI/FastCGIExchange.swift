/// One request and the duty to answer it once, from any thread, now or later.
public final class FastCGIExchange: Sendable {
  private let request: FastCGIRequest
  private let finish: @Sendable (FastCGIRequest, [UInt8]?) -> Void

  init(_ request: FastCGIRequest, finish: @escaping @Sendable (FastCGIRequest, [UInt8]?) -> Void) {
    self.request = request
    self.finish = finish
  }

  /// A CGI parameter such as `REQUEST_METHOD`; nil when absent or empty.
  public func parameter(_ name: String) -> String? {
    request.parameters.first { $0.name == name }?.value
  }

  /// The request's body, cut off after `FastCGILimits.bodyBytes`.
  public var body: [UInt8] { request.body }

  /// Writes the answer, a CGI header block and body (RFC 3875, section 6), and ends the exchange.
  ///
  /// To be called exactly once. What the web server has no room for is written by the workers later.
  public func respond(_ response: [UInt8]) {
    finish(request, response)
  }

  /// Ends the exchange without an answer and closes the connection; instead of `respond`.
  public func abandon() {
    finish(request, nil)
  }
}
