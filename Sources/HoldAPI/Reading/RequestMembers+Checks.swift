import Holds

/// The members' types and bounds. A message names what is expected in the same words, whether the type
/// or the value is wrong.
extension RequestMembers {
  /// An array of ticket ids, without duplicates, in the request's order.
  func ticketIDs(_ member: Member) throws(BadRequest) -> [String] {
    var expected: String { "an array of 1 to \(bounds.maximumTickets) ticket ids" }
    switch self[member] {
    case .strings(let ids):
      if ids.isEmpty { throw BadRequest(member.path, expected: expected, got: "an empty array") }
      for (index, id) in ids.enumerated() {
        _ = try TextCheck.check(
          id, named: "\(member.path)[\(index)]", maximumBytes: bounds.maximumTicketIDBytes)
      }
      guard
        let distinct = DistinctTickets.of(
          ids, maximum: bounds.maximumTickets, keepingDuplicates: bounds.keepsDuplicates)
      else {
        throw BadRequest(
          member.path, expected: expected, got: "more than \(bounds.maximumTickets) different ones")
      }
      if case .different(let first, let other) = bounds.shardKey?.key(of: distinct) {
        throw BadRequest(
          member.path,
          expected: "tickets of one key, since different ones are on different servers",
          got: "the keys \(Quotation.of(first)) and \(Quotation.of(other))")
      }
      return distinct
    case .mixedArray(let other, let index):
      throw BadRequest(
        "\(member.path)[\(index)]",
        expected: TextCheck.expectation(maximumBytes: bounds.maximumTicketIDBytes),
        got: other.shown)
    case let other: throw BadRequest(member.path, expected: expected, got: other.shown)
    }
  }

  /// `event_id`.
  func eventID() throws(BadRequest) -> EventID {
    EventID(try publicText(.eventID, maximumBytes: bounds.maximumEventIDBytes))
  }

  /// `zone`, bounded as ticket ids are; nil when it was not sent.
  func zone() throws(BadRequest) -> String? {
    self[.zone].isAbsent
      ? nil : try publicText(.zone, maximumBytes: bounds.maximumTicketIDBytes)
  }

  /// A text that messages may show.
  private func publicText(_ member: Member, maximumBytes: Int) throws(BadRequest) -> String {
    guard case .string(let text) = self[member] else {
      throw BadRequest(
        member.path, expected: TextCheck.expectation(maximumBytes: maximumBytes),
        got: self[member].shown)
    }
    return try TextCheck.check(text, named: member.path, maximumBytes: maximumBytes)
  }

  /// `quantity`: how many tickets are wanted.
  func quantity() throws(BadRequest) -> Int {
    let received = self[.quantity]
    let range = 1...bounds.maximumTickets
    if case .number(let number) = received, let count = Int(exactly: number),
      range.contains(count)
    {
      return count
    }
    throw BadRequest(
      Member.quantity.path, expected: "a whole number from 1 to \(range.upperBound)",
      got: received.shown)
  }

  /// `reserved_time`, in seconds.
  func reservedSeconds() throws(BadRequest) -> Double {
    let received = self[.reservedTime]
    let range = bounds.minimumReservedSeconds...bounds.maximumReservedSeconds
    if case .number(let seconds) = received, range.contains(seconds) { return seconds }
    throw BadRequest(
      Member.reservedTime.path,
      expected: "a number from \(ReceivedValue.numeral(range.lowerBound))"
        + " to \(ReceivedValue.numeral(range.upperBound))",
      got: received.shown)
  }

  /// `hold_id`; nil when it was not sent, unless the site requires it.
  func holdID() throws(BadRequest) -> HoldID? {
    let received = self[.holdID]
    let lengths = bounds.minimumHoldIDBytes...bounds.maximumHoldIDBytes
    let problem: String
    switch received {
    case .nothing, .null:
      guard bounds.requiresHoldID else { return nil }
      problem = "nothing"
    case .string(let secret) where !lengths.contains(secret.utf8.count):
      problem = "\(secret.utf8.count) bytes"
    case .string(let secret):
      if secret.everyByte(satisfies: { $0.isIDByte }) { return HoldID(secret) }
      problem = "other characters"
    default: problem = received.kind
    }
    throw BadRequest(
      Member.holdID.path,
      expected: "\(lengths.lowerBound) to \(lengths.upperBound) of [A-Za-z0-9._-]", got: problem)
  }

  /// `order_id`, or the request's `Idempotency-Key` in its place.
  func orderID(idempotencyKey: [UInt8]?) throws(BadRequest) -> String {
    let sent = try privateText(.orderID, maximumBytes: bounds.maximumOrderIDBytes)
    if let bytes = idempotencyKey {
      let lengths = 1...bounds.maximumOrderIDBytes
      // With other bytes replaced, different keys would name the same order.
      guard lengths.contains(bytes.count), let key = String(validating: bytes, as: UTF8.self) else {
        throw BadRequest(
          "Idempotency-Key", expected: "1 to \(lengths.upperBound) bytes of UTF-8",
          got: Quotation.of(String(decoding: bytes, as: UTF8.self)))
      }
      if let sent, !sent.utf8.elementsEqual(key.utf8) {
        throw BadRequest(
          "data.order_id and Idempotency-Key", expected: "the same in both",
          got: "\(Quotation.of(sent)) and \(Quotation.of(key))")
      }
      return key
    }
    guard let sent else {
      throw BadRequest(
        Member.orderID.path,
        expected: TextCheck.expectation(maximumBytes: bounds.maximumOrderIDBytes), got: "nothing")
    }
    return sent
  }

  /// `shopper`; nil when it was not sent.
  func shopper() throws(BadRequest) -> ShopperID? {
    try privateText(.shopper, maximumBytes: bounds.maximumShopperBytes).map { ShopperID($0) }
  }

  /// An optional text that messages do not show: a shopper's is a person's id.
  private func privateText(_ member: Member, maximumBytes: Int) throws(BadRequest) -> String? {
    let problem: String
    switch self[member] {
    case .nothing, .null: return nil
    case .string(let text):
      if (1...maximumBytes).contains(text.utf8.count), !text.containsNUL { return text }
      problem = text.containsNUL ? "a NUL" : "\(text.utf8.count) bytes"
    case let other: problem = other.kind
    }
    throw BadRequest(
      member.path, expected: TextCheck.expectation(maximumBytes: maximumBytes), got: problem)
  }

  /// An optional boolean; false when it was not sent.
  func flag(_ member: Member) throws(BadRequest) -> Bool {
    switch self[member] {
    case .nothing, .null: return false
    case .bool(let value): return value
    case let other: throw BadRequest(member.path, expected: "true or false", got: other.shown)
    }
  }
}
