/// Decodes what a web server sends down one connection: bytes in, events out.
///
/// It holds no descriptor and no clock. What it keeps of a request is bounded by the limits; records
/// are decoded where they lie, and only what breaks off within one is copied. After a violation, or
/// an event that closes the connection, it is not to be used again.
struct RequestDecoder {
  enum Event {
    /// A request has arrived whole, or its body is too long to be read to the end.
    case request(FastCGIRequest)

    /// Records to be sent back; then the connection is closed if the web server wants it so.
    case reply([UInt8], closes: Bool)
  }

  /// What a record's content is for.
  private enum Purpose {
    case begin, abort, parameters, body, values, unknown, ignored
  }

  /// A question about values names three of at most 15 bytes.
  private static let maximumValuesBytes = 1024
  private static let beginBytes = 8
  private static let responderRole: UInt16 = 1

  private let limits: FastCGILimits
  private var request: IncomingRequest?
  private var values: NameValueDecoder?

  private var header = RecordHeader(bits: 0)
  private var headerBytes = 0
  private var purpose = Purpose.ignored
  private var contentLeft = 0
  private var paddingLeft = 0

  /// The bytes of a header, or of a `BEGIN_REQUEST`, in network order.
  private var bits: UInt64 = 0

  init(limits: FastCGILimits) { self.limits = limits }

  /// Nothing has come of a request or record that has not ended.
  var isBetweenRequests: Bool { request == nil && headerBytes == 0 }

  /// Decodes up to the next event; nil when all of the input has been taken.
  ///
  /// - Parameter position: Where in the input to begin; on return, where to go on after the event.
  mutating func decode(
    _ input: Span<UInt8>, from position: inout Int
  ) throws(ProtocolViolation) -> Event? {
    while position < input.count {
      if headerBytes < RecordHeader.byteCount {
        guard takeHeader(input, from: &position) else { return nil }
        try beginRecord()
      }
      let content = min(contentLeft, input.count - position)
      if content > 0 {
        try take(input.extracting(position..<position + content))
        position += content
        contentLeft -= content
        if request?.isOverlong == true { return finishRequest() }
      }
      let padding = min(paddingLeft, input.count - position)
      position += padding
      paddingLeft -= padding
      if contentLeft == 0, paddingLeft == 0 {
        headerBytes = 0
        if let event = try endRecord() { return event }
      }
    }
    return nil
  }

  private mutating func takeHeader(_ input: Span<UInt8>, from position: inout Int) -> Bool {
    if headerBytes == 0, input.count - position >= RecordHeader.byteCount {
      // Any eight bytes are a number.
      let number = unsafe input.bytes.unsafeLoadUnaligned(
        fromByteOffset: position, as: UInt64.self)
      bits = UInt64(bigEndian: number)
      position += RecordHeader.byteCount
      headerBytes = RecordHeader.byteCount
      return true
    }
    while headerBytes < RecordHeader.byteCount, position < input.count {
      bits = bits << 8 | UInt64(input[position])
      position += 1
      headerBytes += 1
    }
    return headerBytes == RecordHeader.byteCount
  }

  private mutating func beginRecord() throws(ProtocolViolation) {
    header = RecordHeader(bits: bits)
    guard header.version == 1 else { throw .unsupportedVersion }
    contentLeft = header.contentBytes
    paddingLeft = header.paddingBytes
    let kind = RecordKind(rawValue: header.kindByte)
    purpose = try header.requestID == 0 ? managementPurpose(kind) : requestPurpose(kind)
  }

  /// The use of a record that is about no request (FastCGI 1.0, section 4).
  private mutating func managementPurpose(
    _ kind: RecordKind?
  ) throws(ProtocolViolation) -> Purpose {
    switch kind {
    case .getValues:
      guard contentLeft <= Self.maximumValuesBytes else { throw .malformedRecord }
      values = NameValueDecoder(
        maximumBytes: Self.maximumValuesBytes, maximumPairs: Self.maximumValuesBytes,
        keepsEmptyValues: true)
      return .values
    case nil, .getValuesResult, .unknownType: return .unknown
    default: throw .unexpectedRecord
    }
  }

  /// The use of a record that is about a request; one that is not under way is ignored (section 3.3).
  private func requestPurpose(_ kind: RecordKind?) throws(ProtocolViolation) -> Purpose {
    let isCurrent = header.requestID == request?.requestID
    switch kind {
    case .beginRequest:
      guard !isCurrent else { throw .unexpectedRecord }
      guard contentLeft == Self.beginBytes else { throw .malformedRecord }
      return .begin
    case _ where !isCurrent: return .ignored
    case .abortRequest: return .abort
    case .parameters:
      guard request?.hasAllParameters == false else { throw .unexpectedRecord }
      return .parameters
    case .standardInput:
      guard request?.hasAllParameters == true else { throw .unexpectedRecord }
      return .body
    case nil: return .ignored
    default: throw .unexpectedRecord
    }
  }

  private mutating func take(_ content: Span<UInt8>) throws(ProtocolViolation) {
    switch purpose {
    case .parameters: try request?.takeParameters(content)
    case .body: request?.takeBody(content)
    case .values: try values?.decode(content)
    case .begin: for index in content.indices { bits = bits << 8 | UInt64(content[index]) }
    case .abort, .unknown, .ignored: break
    }
  }

  private mutating func endRecord() throws(ProtocolViolation) -> Event? {
    switch purpose {
    case .begin: return beginRequest()
    case .parameters:
      if header.contentBytes == 0 { try request?.endParameters() }
      return nil
    case .body: return header.contentBytes == 0 ? finishRequest() : nil
    case .abort:
      guard let ended = request.take() else { return nil }
      return .reply(
        Records.end(.complete, requestID: ended.requestID), closes: !ended.keepsConnection)
    case .values:
      guard let asked = values.take(), asked.isBetweenPairs else { throw .truncatedParameter }
      return .reply(Records.values(asked.pairs.map(\.name), limits: limits), closes: false)
    case .unknown: return .reply(Records.unknownType(header.kindByte), closes: false)
    case .ignored: return nil
    }
  }

  /// Begins the request whose role and flags are in `bits` (FastCGI 1.0, section 5.1).
  private mutating func beginRequest() -> Event? {
    let role = UInt16(truncatingIfNeeded: bits >> 48)
    let keepsConnection = bits >> 40 & 1 != 0
    let requestID = header.requestID
    guard request == nil else {
      return .reply(Records.end(.cannotMultiplex, requestID: requestID), closes: false)
    }
    guard role == Self.responderRole else {
      return .reply(
        Records.end(.unknownRole, requestID: requestID), closes: !keepsConnection)
    }
    request = IncomingRequest(
      requestID: requestID, keepsConnection: keepsConnection, limits: limits)
    return nil
  }

  private mutating func finishRequest() -> Event? {
    request.take().map { .request($0.finish()) }
  }
}
