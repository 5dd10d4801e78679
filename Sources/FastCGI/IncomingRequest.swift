/// A request of which something is still to come.
struct IncomingRequest {
  /// What is read, but not kept, of a body that is longer than the bound. Past it the request is
  /// answered nevertheless, and its connection closed.
  static let maximumDiscardedBytes = 65_536

  /// More than any web server has reason to send.
  private static let maximumParameters = 256

  private(set) var hasAllParameters = false

  private var request: FastCGIRequest
  private var parameters: NameValueDecoder
  private let maximumBodyBytes: Int
  private var discardedBytes = 0

  init(requestID: UInt16, keepsConnection: Bool, limits: FastCGILimits) {
    request = FastCGIRequest(requestID: requestID, keepsConnection: keepsConnection)
    parameters = NameValueDecoder(
      maximumBytes: limits.parameterBytes, maximumPairs: Self.maximumParameters,
      keepsEmptyValues: false)
    maximumBodyBytes = limits.bodyBytes
  }

  var requestID: UInt16 { request.requestID }
  var keepsConnection: Bool { request.keepsConnection }

  /// So much of the body has come past the bound that the rest is not waited for.
  var isOverlong: Bool { discardedBytes > Self.maximumDiscardedBytes }

  mutating func takeParameters(_ content: Span<UInt8>) throws(ProtocolViolation) {
    try parameters.decode(content)
  }

  mutating func endParameters() throws(ProtocolViolation) {
    guard parameters.isBetweenPairs else { throw .truncatedParameter }
    hasAllParameters = true
  }

  mutating func takeBody(_ content: Span<UInt8>) {
    let kept = min(content.count, maximumBodyBytes - request.body.count)
    if kept > 0 { request.body.append(copying: content.extracting(0..<kept)) }
    discardedBytes += content.count - kept
  }

  /// The request, which is over.
  consuming func finish() -> FastCGIRequest {
    request.parameters = parameters.pairs
    request.isBodyTruncated = discardedBytes > 0
    if isOverlong { request.keepsConnection = false }
    return request
  }
}
