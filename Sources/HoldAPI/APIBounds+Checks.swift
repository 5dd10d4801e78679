import Holds

/// The bounds of each member, once its type is right.
extension APIBounds {
  /// Up to so many, comparing each with each costs less than hashing them.
  private static let fewTickets = 8

  /// Removes duplicates, keeping each ticket's first place.
  func checkedTickets(_ ids: [String], of member: Member) throws(BadRequest) -> [String] {
    if ids.isEmpty {
      throw BadRequest(member.path, expected: expectedTickets, got: "an empty array")
    }
    let areFew = ids.count <= Self.fewTickets
    var seen = Set<ExactTicketID>(minimumCapacity: areFew ? 0 : min(ids.count, maximumTickets))
    var distinct: [String] = []
    distinct.reserveCapacity(min(ids.count, maximumTickets))
    for (index, id) in ids.enumerated() {
      try checkTicketID(id, at: index, of: member)
      let exact = ExactTicketID(text: id)
      let isNew =
        areFew
        ? !distinct.contains { ExactTicketID(text: $0) == exact } : seen.insert(exact).inserted
      guard isNew else { continue }
      if distinct.count == maximumTickets {
        throw BadRequest(
          member.path, expected: expectedTickets,
          got: "more than \(maximumTickets) different ones")
      }
      distinct.append(id)
    }
    return distinct
  }

  private func checkTicketID(
    _ id: String, at index: Int, of member: Member
  ) throws(BadRequest) {
    let fits = (1...maximumTicketIDBytes).contains(id.utf8.count)
    // PostgreSQL's text cannot hold a NUL.
    if fits, id.everyByte(satisfies: { $0 != 0 }) { return }
    throw BadRequest(
      "\(member.path)[\(index)]", expected: expectedTicketID + (fits ? " without NUL" : ""),
      got: Quotation.of(id))
  }

  func checkedReservedTime(_ seconds: Double) throws(BadRequest) -> Double {
    guard minimumReservedSeconds <= seconds, seconds <= maximumReservedSeconds else {
      throw BadRequest(
        Member.reservedTime.path, expected: expectedReservedTime,
        got: ReceivedValue.numeral(seconds))
    }
    return seconds
  }

  func checkedHoldID(_ holdID: HoldID?) throws(BadRequest) -> HoldID? {
    guard let holdID else {
      guard requiresHoldID else { return nil }
      throw BadRequest(Member.holdID.path, expected: expectedHoldID, got: "nothing")
    }
    let count = holdID.secret.utf8.count
    guard (minimumHoldIDBytes...maximumHoldIDBytes).contains(count) else {
      throw BadRequest(Member.holdID.path, expected: expectedHoldID, got: "\(count) bytes")
    }
    guard holdID.secret.everyByte(satisfies: Self.isHoldIDByte) else {
      throw BadRequest(Member.holdID.path, expected: expectedHoldID, got: "other characters")
    }
    return holdID
  }

  private static func isHoldIDByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"),
      UInt8(ascii: "-"):
      true
    default: false
    }
  }
}
