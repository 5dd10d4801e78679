internal import Holds
internal import Postgres
internal import Threads

/// What columns an adopted table of tickets has, and the statements that follow from it: those of seat maps
/// and lists, and the look at an event's seats.
struct TicketColumns: Sendable {
  /// Those that seat maps and lists know; a table need have only the first three.
  static let names: [String?] = [
    "ticket_id", "status", "event_id", "id", "event_name", "zone", "color", "seat_id", "seat_row",
    "status_offline", "date_start", "date_end", "date_created", "date_updated",
  ]

  /// The types by name.
  private let types: [String: String]

  /// The same for every table with the same columns.
  let fingerprint: String

  /// Whether an engine takes the questions to the event's server, whose functions know its columns.
  private let isSharded: Bool

  init(types: [String: String], fingerprint: String, isSharded: Bool = false) {
    self.types = types
    self.fingerprint = fingerprint
    self.isSharded = isSharded
  }

  /// Those of a sharded table, as far as an engine's database knows them.
  static let sharded = TicketColumns(types: ["event_id": "text"], fingerprint: "", isSharded: true)

  /// Whether events have names of any kind, so that an engine finds their server by them.
  var hasTextEvents: Bool { ["text", "varchar"].contains(types["event_id"]) }

  /// Reads the catalogue.
  static func read(
    on connection: PostgresConnection, deadline: Instant
  ) throws(PostgresError) -> TicketColumns {
    let result = try connection.query(
      EmbeddedSQL.ticketColumns, [.textArray(names)], deadline: deadline)
    var types: [String: String] = [:]
    var parts: [String] = []
    for row in 0..<result.rowCount {
      types[result.text(row: row, column: 0)] = result.text(row: row, column: 1)
      parts.append(result.text(row: row, column: 2))
    }
    return TicketColumns(types: types, fingerprint: parts.joined(separator: ","))
  }

  /// A column without which there is no event; nil if it is there.
  var missing: String? { types["event_id"] == nil ? "tickets.event_id" : nil }

  /// Whether the column of events could hold this id.
  ///
  /// An id is compared as text, so that `007` is not event 7. An index on the column is used
  /// nevertheless, since only text that the column's type would give back is looked up.
  func canHold(_ eventID: EventID) -> Bool {
    let text = eventID.text
    switch types["event_id"] {
    case "int2": return Int16(text).map { String($0) == text } ?? false
    case "int4": return Int32(text).map { String($0) == text } ?? false
    case "int8": return Int64(text).map { String($0) == text } ?? false
    case "uuid": return Self.isUUID(text)
    default: return true
    }
  }

  private static func isUUID(_ text: String) -> Bool {
    let groups = text.split(separator: "-", omittingEmptySubsequences: false)
    let isHexadecimal = text.utf8.allSatisfy {
      (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
        || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0) || $0 == UInt8(ascii: "-")
    }
    return isHexadecimal && groups.map(\.utf8.count) == [8, 4, 4, 4, 12]
  }

  // MARK: - Statements

  var lookForEvents: String {
    if isSharded { return KeyedFunction.lookForEvents.call.sql }
    return EmbeddedSQL.lookForEvents.filling("event", with: isEvent("u.event_id"))
  }

  var eventSeats: String {
    if isSharded { return KeyedFunction.eventSeats.call.sql }
    return EmbeddedSQL.eventSeats.filling("event", with: isEvent("$1::text"))
  }

  var seatStates: String {
    if isSharded { return KeyedFunction.seatStates.call.sql }
    return filled(EmbeddedSQL.seatStates, longest: "$3")
  }

  var seatLayout: String {
    if isSharded { return KeyedFunction.seatLayout.call.sql }
    var sql = filled(EmbeddedSQL.seatLayout, longest: "$2")
    for name in ["zone", "color", "seat_row", "seat_id"] {
      sql = sql.filling(name, with: text(name))
    }
    return sql
  }

  func ticketList(showsSales: Bool) -> String {
    if isSharded {
      return (showsSales ? KeyedFunction.ticketListSales : KeyedFunction.ticketList).call.sql
    }
    var sql = filled(EmbeddedSQL.ticketList, longest: "$2")
      .filling(
        "status", with: showsSales ? "(NOT (\(sold)) AND b.ticket_id IS NULL)" : "t.status")
    for case let name? in Self.names {
      sql = sql.filling(name, with: types[name] == nil ? "NULL::text" : "t.\(name)")
    }
    return sql
  }

  private func filled(_ sql: String, longest: String) -> String {
    sql.filling("sold", with: sold)
      .filling("place", with: place)
      .filling("live", with: EmbeddedSQL.liveHold(now: "clock_timestamp()", longest: longest))
      .filling("event", with: isEvent("$1::text"))
  }

  private var sold: String {
    types["status_offline"] == "bool"
      ? "t.status IS NOT TRUE OR t.status_offline IS TRUE" : "t.status IS NOT TRUE"
  }

  /// A hash of where a ticket is: each column's is the seed of the next one's, and NULL has a sign of its own.
  private var place: String {
    ["ticket_id", "zone", "color", "seat_row", "seat_id"].reduce("0") { seed, name in
      "hashtextextended(coalesce(\(text(name)), E'\\x1e'), \(seed))"
    }
  }

  private func text(_ name: String) -> String {
    types[name] == nil ? "NULL::text" : "t.\(name)::text"
  }

  private func isEvent(_ text: String) -> String {
    switch types["event_id"] {
    case "text", "varchar": "t.event_id = \(text)"
    case "int2": "t.event_id = \(text)::int2"
    case "int4": "t.event_id = \(text)::int4"
    case "int8": "t.event_id = \(text)::int8"
    case "uuid": "t.event_id = \(text)::uuid"
    // For these an index on the text is of use.
    default: "t.event_id::text = \(text)"
    }
  }
}
