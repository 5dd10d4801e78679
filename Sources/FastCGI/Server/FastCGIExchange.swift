/// One request that libfcgi has accepted, and the duty to answer it once, from any thread.
public final class FastCGIExchange: Sendable {
  /// The request's body; of one longer than `FastCGILimits.bodyBytes`, one byte more than these.
  public let body: [UInt8]

  private let connection: FastCGIConnection
  private let finish: @Sendable (Answer) -> Void

  /// An answer, and what to send instead when it is long and too many long ones are being sent.
  struct Answer: Sendable {
    var pieces: [[UInt8]]
    var insteadWhenBusy: [UInt8]?
    var willSend: (@Sendable (_ isBusy: Bool) -> Void)?
  }

  init(
    _ connection: FastCGIConnection, body: [UInt8], finish: @escaping @Sendable (Answer) -> Void
  ) {
    self.connection = connection
    self.body = body
    self.finish = finish
  }

  /// A CGI parameter such as `REQUEST_METHOD`; nil when absent or empty.
  ///
  /// Not to be called after `respond`, which ends the request that libfcgi holds.
  public func parameter(_ name: StaticString) -> String? { connection.parameter(name) }

  /// The same as it was sent, which need not be UTF-8.
  public func parameterBytes(_ name: StaticString) -> [UInt8]? { connection.parameterBytes(name) }

  /// Sends the answer, a CGI header block and body (RFC 3875, section 6), and ends the exchange.
  ///
  /// To be called exactly once. It never waits: a peer that does not take in the answer loses its
  /// connection.
  public func respond(_ response: [UInt8]) { finish(Answer(pieces: [response])) }

  /// Sends an answer that may be long, as `respond` does.
  ///
  /// One of more than `FastCGILimits.directAnswerBytes` is written by a thread of its own, which waits
  /// for the peer for a bounded time. When `FastCGILimits.longAnswers` are being sent it waits for its
  /// turn. The peer gets the other answer when too many wait, or when this one has waited for too long.
  ///
  /// - Parameter willSend: Is called once, just before either is sent, with true for the other one.
  public func respond(
    _ pieces: [[UInt8]], insteadWhenBusy: [UInt8],
    willSend: @escaping @Sendable (_ isBusy: Bool) -> Void = { _ in }
  ) {
    finish(Answer(pieces: pieces, insteadWhenBusy: insteadWhenBusy, willSend: willSend))
  }
}
