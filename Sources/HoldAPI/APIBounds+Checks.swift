import Holds

/// The bounds of each member, once its type is right.
extension APIBounds {
  /// Removes duplicates, keeping each ticket's first place.
  func checkedTickets(_ ids: [String], of member: Member) throws(BadRequest) -> [String] {
    if ids.isEmpty {
      throw BadRequest(member.path, expected: expectedTickets, got: "an empty array")
    }
    var seen = Set<ExactTicketID>(minimumCapacity: min(ids.count, maximumTickets))
    var distinct: [String] = []
    distinct.reserveCapacity(min(ids.count, maximumTickets))
    for (index, id) in ids.enumerated() {
      try checkTicketID(id, at: index, of: member)
      guard seen.insert(ExactTicketID(text: id)).inserted else { continue }
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
    if fits, !id.utf8.contains(0) { return }
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
    let bytes = holdID.secret.utf8
    guard (minimumHoldIDBytes...maximumHoldIDBytes).contains(bytes.count) else {
      throw BadRequest(Member.holdID.path, expected: expectedHoldID, got: "\(bytes.count) bytes")
    }
    guard bytes.allSatisfy(Self.isHoldIDByte) else {
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
