/// The members of a request that are looked at; all others are ignored.
enum Member: String, CodingKey {
  case data
  case details
  case holdID = "hold_id"
  case reservedTime = "reserved_time"
  case ticketdReserved = "ticketd_reserved"
  case tickets

  /// How messages name it.
  var path: String { self == .data ? rawValue : "data.\(rawValue)" }
}
