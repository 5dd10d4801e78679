/// The members of a request that the API knows; all others are ignored.
///
/// A new member is a case here, and a check in `RequestMembers+Checks.swift` unless one fits it.
enum Member: String, CaseIterable {
  case adjacent
  case data
  case details
  case eventID = "event_id"
  case holdID = "hold_id"
  case orderID = "order_id"
  case quantity
  case reservedTime = "reserved_time"
  case shopper
  case ticketdReserved = "ticketd_reserved"
  case tickets
  case zone

  private static let names = allCases.map { (member: $0, name: Array($0.rawValue.utf8)) }

  /// The member of this name; nil when it is none of them.
  init?(utf8 name: Span<UInt8>) {
    for known in Self.names where known.name.span.isEqual(to: name) {
      self = known.member
      return
    }
    return nil
  }

  /// How messages name it.
  var path: String { self == .data ? rawValue : "data.\(rawValue)" }
}

/// The members of a request's `data`, and the bounds that their checks apply.
///
/// Of several members with the same name the first counts, as with Foundation's `JSONDecoder`.
struct RequestMembers {
  /// How messages name the body.
  private static let part = "the body"

  let bounds: APIBounds
  private var data = ReceivedValue.nothing
  private var entries: [Entry] = []

  private struct Entry {
    let member: Member
    let value: ReceivedValue
  }

  /// Reads a request's body.
  ///
  /// - Parameter example: A body that the endpoint accepts, for messages.
  init(of request: APIRequest, bounds: APIBounds, example: String) throws(BadRequest) {
    self.bounds = bounds
    entries.reserveCapacity(4)
    var expected: String { "JSON such as \(example)" }
    try Self.checkEnvelope(of: request, bounds: bounds, expected: expected)
    let body: ReceivedValue
    do {
      body = try read(request.body)
    } catch {
      throw Self.refusal(error, of: request.body, expected: expected)
    }
    // A client that encodes twice sends its whole request as a string: these show the kind alone.
    guard case .object = body else {
      throw BadRequest(Self.part, expected: expected, got: body.kind)
    }
    guard case .object = data else {
      throw BadRequest(Member.data.path, expected: "an object", got: data.kind)
    }
  }

  /// The value of a member.
  subscript(member: Member) -> ReceivedValue {
    for entry in entries where entry.member == member { return entry.value }
    return .nothing
  }

  private static func checkEnvelope(
    of request: APIRequest, bounds: APIBounds, expected: @autoclosure () -> String
  ) throws(BadRequest) {
    if request.body.count > bounds.maximumBodyBytes {
      throw BadRequest(
        status: 413, message: "Request body larger than \(bounds.maximumBodyBytes) bytes")
    }
    if request.body.isEmpty { throw BadRequest(part, expected: expected(), got: "nothing") }
    guard let contentType = request.contentType, isJSON(contentType) else {
      let received = request.contentType.map { Quotation.of($0) } ?? "none"
      throw BadRequest(
        status: 415,
        message: "send the header Content-Type: application/json, got \(received)")
    }
  }

  /// Whether a media type is `application/json`, in any case and with any parameters (RFC 9110,
  /// section 8.3.1).
  private static func isJSON(_ contentType: String) -> Bool {
    if contentType == "application/json" { return true }
    let spaces: [UInt8] = [UInt8(ascii: " "), UInt8(ascii: "\t")]
    var type = contentType.utf8.prefix { $0 != UInt8(ascii: ";") }
    type = type.drop { spaces.contains($0) }
    while let last = type.last, spaces.contains(last) { type.removeLast() }
    return type.elementsEqual("application/json".utf8) { sent, wanted in
      let isCapital = (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(sent)
      return (isCapital ? sent | 0x20 : sent) == wanted
    }
  }

  /// Reads the members, and gives the body as a value.
  private mutating func read(_ body: [UInt8]) throws(JSONReader.Mistake) -> ReceivedValue {
    var json = JSONReader(body)
    guard json.isAtObject else {
      let other = try json.value()
      try json.finish()
      return other
    }
    try json.object { json, name throws(JSONReader.Mistake) in
      guard try json.member(name) == .data, case .nothing = data else { return try json.skip() }
      if json.isAtObject {
        data = .object
        try readData(from: &json)
      } else {
        data = try json.value()
      }
    }
    try json.finish()
    return .object
  }

  private mutating func readData(from json: inout JSONReader) throws(JSONReader.Mistake) {
    try json.object { json, name throws(JSONReader.Mistake) in
      guard let member = try json.member(name), !contains(member) else { return try json.skip() }
      entries.append(Entry(member: member, value: try json.value()))
    }
  }

  private func contains(_ member: Member) -> Bool {
    for entry in entries where entry.member == member { return true }
    return false
  }

  private static func refusal(
    _ mistake: JSONReader.Mistake, of body: [UInt8], expected: String
  ) -> BadRequest {
    // Bytes that are not UTF-8 are the likely cause of any other mistake.
    if let offset = JSONReader.invalidOffset(in: body) {
      return BadRequest(
        part, expected: "JSON in UTF-8", got: "an invalid byte at offset \(offset)")
    }
    return switch mistake {
    case .invalidUTF8, .notJSON:
      BadRequest(part, expected: expected, got: "\(body.count) bytes that are not JSON")
    case .nul(let offset):
      BadRequest(part, expected: "JSON in UTF-8", got: "a NUL byte at offset \(offset)")
    case .commaBeforeBracket(let offset):
      BadRequest(
        part, expected: "JSON", got: "a comma before the closing bracket at offset \(offset)")
    case .tooDeep:
      BadRequest(
        part, expected: "JSON of at most \(JSONReader.maximumNesting) nested levels", got: "more")
    }
  }
}
