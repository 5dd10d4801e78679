/// One request and the duty to answer it once, from any thread, now or later.
public final class FastCGIExchange: Sendable {
  private let connection: FastCGIConnection
  private let finish: @Sendable (FastCGIConnection, [UInt8]?) -> Void

  init(
    _ connection: FastCGIConnection,
    finish: @escaping @Sendable (FastCGIConnection, [UInt8]?) -> Void
  ) {
    self.connection = connection
    self.finish = finish
  }

  /// A CGI parameter such as `REQUEST_METHOD`; nil when absent or empty. To be read before the answer.
  public func parameter(_ name: String) -> String? {
    connection.parameter(name)
  }

  /// The next bytes of the request's body, fewer than asked for only at its end.
  public func readBody(atMost limit: Int) -> [UInt8] {
    connection.readBody(atMost: limit)
  }

  /// Writes the answer, a CGI header block and body (RFC 3875, section 6), and ends the exchange.
  ///
  /// To be called exactly once; the request's parameters and body are gone afterwards.
  public func respond(_ response: [UInt8]) {
    finish(connection, response)
  }

  /// True when the peer broke off within the body.
  public var isBroken: Bool { connection.isBroken }

  /// Ends the exchange without an answer and closes the connection; instead of `respond`.
  public func abandon() {
    finish(connection, nil)
  }
}
