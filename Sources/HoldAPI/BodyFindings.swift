/// What a body held that could not be decoded: the ground of the message about it.
struct BodyFindings: Decodable {
  /// The whole body.
  let body: ReceivedValue

  private let members: [Member: ReceivedValue]

  init(from decoder: any Decoder) throws {
    body = try ReceivedValue(from: decoder)
    var members: [Member: ReceivedValue] = [:]
    if case .object = body {
      let top = try decoder.container(keyedBy: Member.self)
      members[.data] = try Self.value(of: .data, in: top)
      if members[.data] == .object {
        let data = try top.nestedContainer(keyedBy: Member.self, forKey: .data)
        for member in [Member.ticketdReserved, .tickets, .reservedTime, .holdID, .details] {
          members[member] = try Self.value(of: member, in: data)
        }
      }
    }
    self.members = members
  }

  /// What came as this member.
  subscript(member: Member) -> ReceivedValue { members[member] ?? .nothing }

  private static func value(
    of member: Member, in container: KeyedDecodingContainer<Member>
  ) throws -> ReceivedValue {
    guard container.contains(member) else { return .nothing }
    if try container.decodeNil(forKey: member) { return .null }
    return try container.decode(ReceivedValue.self, forKey: member)
  }

  /// The mistake of a body that is not an object with an object `data` in it.
  func mistakeInEnvelope(example: String) -> BadRequest? {
    // A client that encodes twice sends all of its request as a string: show no more than the kind.
    if body != .object {
      return BadRequest(BodyReader.part, expected: "JSON such as \(example)", got: body.kind)
    }
    if self[.data] != .object {
      return BadRequest(Member.data.path, expected: "an object", got: self[.data].kind)
    }
    return nil
  }

  func mistakeInTickets(_ member: Member, bounds: APIBounds) -> BadRequest? {
    guard case .array(let firstOther) = self[member] else {
      return BadRequest(member.path, expected: bounds.expectedTickets, got: self[member].shown)
    }
    return firstOther.map {
      BadRequest(
        "\(member.path)[\($0.index)]", expected: bounds.expectedTicketID, got: $0.value.shown)
    }
  }

  func mistakeInReservedTime(bounds: APIBounds) -> BadRequest? {
    if case .number = self[.reservedTime] { return nil }
    return BadRequest(
      Member.reservedTime.path, expected: bounds.expectedReservedTime,
      got: self[.reservedTime].shown)
  }

  func mistakeInHoldID(bounds: APIBounds) -> BadRequest? {
    if self[.holdID].isAbsent { return nil }
    if case .string = self[.holdID] { return nil }
    return BadRequest(
      Member.holdID.path, expected: bounds.expectedHoldID, got: self[.holdID].kind)
  }

  func mistakeInDetails() -> BadRequest? {
    if self[.details].isAbsent { return nil }
    if case .bool = self[.details] { return nil }
    return BadRequest(Member.details.path, expected: "true or false", got: self[.details].shown)
  }
}
