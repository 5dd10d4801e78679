/// The members of a request that are looked at; all others are ignored.
enum Member: String, CodingKey, CaseIterable {
  case data
  case details
  case holdID = "hold_id"
  case reservedTime = "reserved_time"
  case ticketdReserved = "ticketd_reserved"
  case tickets

  /// The member that these bytes name; nil when it is none of them.
  init?(utf8 name: ArraySlice<UInt8>) {
    for member in Self.allCases where Self.areEqual(member.rawValue.utf8.span, name.span) {
      self = member
      return
    }
    return nil
  }

  private static func areEqual(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
    guard left.count == right.count else { return false }
    for index in left.indices where left[index] != right[index] { return false }
    return true
  }

  /// How messages name it.
  var path: String { self == .data ? rawValue : "data.\(rawValue)" }
}
