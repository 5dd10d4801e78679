/// Decides whether a whole, well-formed request lies at the start of the bytes that a peer has sent.
///
/// libfcgi 2.4.2 trusts its peer: it blocks until a request is complete, allocates what a length
/// announces, aborts the process on some lengths, and overflows a buffer on some management records.
/// The gate lets through only what a web server sends to a responder: `BEGIN_REQUEST`, the parameters
/// and the body, of one request id and within the bounds (FastCGI 1.0, sections 3.3 and 5). It reads
/// the bytes where they lie and builds nothing.
struct RequestGate {
  enum Verdict: Equatable {
    /// More bytes have to come.
    case incomplete

    /// A request of `requestBytes` is there, with a body of `bodyBytes`.
    case whole(requestBytes: Int, bodyBytes: Int)

    /// The parameters are there, and one byte more of the body than allowed.
    case bodyTooLarge

    /// The connection is to be closed: this is not a request, or it exceeds a bound.
    case refused
  }

  private enum Kind {
    static let beginRequest: UInt8 = 1
    static let parameters: UInt8 = 4
    static let standardInput: UInt8 = 5
  }

  private static let headerBytes = 8
  private static let beginBytes = 8

  private let limits: FastCGILimits
  private var kind = Kind.beginRequest
  private var requestID: (UInt8, UInt8) = (0, 0)
  private var parameters: ParameterScan
  private var bodyBytes = 0

  private init(limits: FastCGILimits) {
    self.limits = limits
    parameters = ParameterScan(maximumBytes: limits.parameterBytes)
  }

  /// Judges all that has come on a connection since its last request.
  static func judge(_ bytes: Span<UInt8>, limits: FastCGILimits) -> Verdict {
    var gate = RequestGate(limits: limits)
    let verdict = gate.walk(bytes)
    if verdict == .incomplete, bytes.count >= limits.requestBytes { return .refused }
    return verdict
  }

  private mutating func walk(_ bytes: Span<UInt8>) -> Verdict {
    var position = 0
    while bytes.count - position >= Self.headerBytes {
      let contentBytes = Int(bytes[position + 4]) << 8 | Int(bytes[position + 5])
      let paddingBytes = Int(bytes[position + 6])
      let id = (bytes[position + 2], bytes[position + 3])
      guard bytes[position] == 1, bytes[position + 1] == kind, id != (0, 0) else { return .refused }
      // libfcgi does not skip the padding of BEGIN_REQUEST and of the record that ends a stream.
      if paddingBytes > 0, contentBytes == 0 || kind == Kind.beginRequest { return .refused }
      let start = position + Self.headerBytes
      let content = bytes.extracting(start..<min(start + contentBytes, bytes.count))
      switch kind {
      case Kind.beginRequest:
        guard contentBytes == Self.beginBytes else { return .refused }
        guard content.count == Self.beginBytes else { return .incomplete }
        // Only the role of a responder is served (section 6.2).
        guard content[0] == 0, content[1] == 1 else { return .refused }
        requestID = id
        kind = Kind.parameters
      case Kind.parameters:
        guard id == requestID, parameters.take(content) else { return .refused }
        if contentBytes == 0 {
          guard parameters.isBetweenPairs else { return .refused }
          kind = Kind.standardInput
        }
      default:
        guard id == requestID else { return .refused }
        if contentBytes == 0 { return .whole(requestBytes: start, bodyBytes: bodyBytes) }
        bodyBytes += content.count
        if bodyBytes > limits.bodyBytes { return .bodyTooLarge }
      }
      position = start + contentBytes + paddingBytes
      guard position <= bytes.count else { return .incomplete }
    }
    return .incomplete
  }
}
