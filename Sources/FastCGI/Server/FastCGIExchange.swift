/// One request that libfcgi has accepted, and the duty to answer it once, from any thread.
public final class FastCGIExchange: Sendable {
  /// The request's body; of one longer than `FastCGILimits.bodyBytes`, one byte more than these.
  public let body: [UInt8]

  private let connection: FastCGIConnection
  private let finish: @Sendable ([UInt8]) -> Void

  init(
    _ connection: FastCGIConnection, body: [UInt8], finish: @escaping @Sendable ([UInt8]) -> Void
  ) {
    self.connection = connection
    self.body = body
    self.finish = finish
  }

  /// A CGI parameter such as `REQUEST_METHOD`; nil when absent or empty.
  ///
  /// Not to be called after `respond`, which ends the request that libfcgi holds.
  public func parameter(_ name: String) -> String? { connection.parameter(name) }

  /// Sends the answer, a CGI header block and body (RFC 3875, section 6), and ends the exchange.
  ///
  /// To be called exactly once. It never waits: a peer that does not take in the answer loses its
  /// connection.
  public func respond(_ response: [UInt8]) { finish(response) }
}
