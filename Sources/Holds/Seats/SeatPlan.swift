/// The seats of an event in their order: zones, rows and seats by natural order, each seat with a
/// number. It never changes.
///
/// Neighbours are seats that follow each other in a row's natural order. Whether an aisle lies between
/// them the platform does not tell; where it does, it names two rows or two zones. A ticket without a
/// row or a seat number is general admission: those of a zone make up one row, the last of the zone,
/// in which all are neighbours of each other.
public struct SeatPlan: Sendable {
  struct Row: Sendable, Equatable {
    /// Its seats.
    let seats: Range<Int>

    /// General admission: any seats of it do, and their places mean nothing.
    let isGeneral: Bool
  }

  struct Zone: Sendable, Equatable {
    let name: String?

    /// Its rows, front to back.
    let rows: Range<Int>
  }

  /// The tickets by their seats' numbers.
  public let ticketIDs: [String]

  /// Differs, but for chance, for any two layouts; it does not depend on the order of the tickets.
  public let digest: Int

  let zones: [Zone]
  let rows: [Row]

  /// For each seat its row.
  let rowOf: [Int32]
  private let table: TicketTable

  /// Sorts the tickets of an event.
  public init(_ tickets: [Seat]) {
    let sorted = tickets.sorted(by: Self.precedes)
    ticketIDs = sorted.map(\.ticketID)
    digest = tickets.reduce(0) { $0 &+ Self.digest(of: $1) }
    table = TicketTable(ticketIDs)
    var zones: [Zone] = []
    var rows: [Row] = []
    var rowOf: [Int32] = []
    rowOf.reserveCapacity(sorted.count)
    var zoneStart = 0
    var start = 0
    for index in sorted.indices {
      rowOf.append(Int32(rows.count))
      let seat = sorted[index]
      let next = index + 1 < sorted.count ? sorted[index + 1] : nil
      let endsZone = next.map { NaturalOrder.compare($0.zone, seat.zone) != 0 } ?? true
      let endsRow =
        endsZone || next?.isGeneral != seat.isGeneral
        || (!seat.isGeneral && NaturalOrder.compare(next?.row, seat.row) != 0)
      guard endsRow else { continue }
      rows.append(Row(seats: start..<index + 1, isGeneral: seat.isGeneral))
      start = index + 1
      guard endsZone else { continue }
      zones.append(Zone(name: seat.zone, rows: zoneStart..<rows.count))
      zoneStart = rows.count
    }
    self.zones = zones
    self.rows = rows
    self.rowOf = rowOf
  }

  /// The number of a ticket's seat; nil when the event does not have the ticket.
  public func seat(of ticketID: ExactText) -> Int? { seat(of: ticketID, hash: ticketID.hashValue) }

  /// The same, with the hash value of the ticket at hand.
  public func seat(of ticketID: ExactText, hash: Int) -> Int? {
    table.find(ticketID, hash: hash, in: ticketIDs)
  }

  /// Part of the digest of a layout.
  public static func digest(of seat: Seat) -> Int {
    var hasher = Hasher()
    hasher.combine(ExactText(seat.ticketID))
    for label in [seat.zone, seat.row, seat.number] { hasher.combine(label.map { ExactText($0) }) }
    return hasher.finalize()
  }

  private static func precedes(_ left: Seat, _ right: Seat) -> Bool {
    let zone = NaturalOrder.compare(left.zone, right.zone)
    if zone != 0 { return zone < 0 }
    if left.isGeneral != right.isGeneral { return right.isGeneral }
    if !left.isGeneral {
      let row = NaturalOrder.compare(left.row, right.row)
      if row != 0 { return row < 0 }
      let number = NaturalOrder.compare(left.number, right.number)
      if number != 0 { return number < 0 }
    }
    return NaturalOrder.precedes(left.ticketID, right.ticketID)
  }

  /// Whether a seat is in a zone; in any if that is nil.
  public func isSeat(_ seat: Int, in zone: String?) -> Bool {
    rows(of: zone).contains(Int(rowOf[seat]))
  }

  /// The rows to choose from; none for a zone that the event does not have.
  func rows(of zone: String?) -> Range<Int> {
    guard let zone else { return 0..<rows.count }
    let wanted = ExactText(zone)
    return zones.first { $0.name.map { ExactText($0) == wanted } ?? false }?.rows ?? 0..<0
  }
}

extension Seat {
  /// Whether the ticket has no place in a row.
  var isGeneral: Bool { (row ?? "").isEmpty || (number ?? "").isEmpty }
}

/// Finds tickets among those of an event, in a fraction of a dictionary's memory.
private struct TicketTable: Sendable {
  /// Seats by the hash values of their tickets, with linear probing; -1 for none.
  private var slots: [Int32]
  private let mask: Int

  init(_ ticketIDs: [String]) {
    var size = 4
    while size < ticketIDs.count * 2 { size *= 2 }
    mask = size - 1
    slots = Array(repeating: -1, count: size)
    for (seat, ticketID) in ticketIDs.enumerated() {
      var slot = ExactText(ticketID).hashValue & mask
      while slots[slot] >= 0 { slot = (slot + 1) & mask }
      slots[slot] = Int32(seat)
    }
  }

  func find(_ ticketID: ExactText, hash: Int, in ticketIDs: [String]) -> Int? {
    var slot = hash & mask
    while slots[slot] >= 0 {
      let seat = Int(slots[slot])
      if ExactText(ticketIDs[seat]) == ticketID { return seat }
      slot = (slot + 1) & mask
    }
    return nil
  }
}
