/// Which seats of an event are free, counted by rows: what a choice is made from.
public struct FreeSeats: Sendable {
  struct RowState: Sendable {
    var freeCount = 0

    /// The longest run of free seats; nil when it is to be measured.
    var longestRun: Int32?
  }

  /// The seats.
  public let plan: SeatPlan

  private(set) var bits: SeatBits
  private(set) var rows: [RowState]

  /// All seats.
  public init(_ plan: SeatPlan) {
    self.plan = plan
    bits = SeatBits(count: plan.ticketIDs.count)
    rows = Array(repeating: RowState(), count: plan.rows.count)
    for seat in plan.ticketIDs.indices { self[seat] = true }
  }

  /// Whether a seat is free.
  public internal(set) subscript(seat: Int) -> Bool {
    get { bits[seat] }
    set {
      guard bits[seat] != newValue else { return }
      bits[seat] = newValue
      let row = Int(plan.rowOf[seat])
      rows[row].freeCount += newValue ? 1 : -1
      rows[row].longestRun = nil
    }
  }

  /// How many are free.
  ///
  /// - Parameter zone: The zone that they are counted in; nil for all.
  public func count(zone: String?) -> Int {
    plan.rows(of: zone).reduce(0) { $0 + rows[$1].freeCount }
  }

  /// Measures a row again if it has changed.
  mutating func longestRun(ofRow row: Int) -> Int {
    if let known = rows[row].longestRun { return Int(known) }
    var longest = 0
    forEachRun(ofRow: row) { longest = max(longest, $0.count) }
    rows[row].longestRun = Int32(longest)
    return longest
  }

  /// Calls `body` with each run of free seats of a row, from left to right.
  func forEachRun(ofRow row: Int, _ body: (Range<Int>) -> Void) {
    let seats = plan.rows[row].seats
    var start = bits.first(in: seats)
    while start < seats.upperBound {
      let end = bits.firstAbsent(in: start..<seats.upperBound)
      body(start..<end)
      start = bits.first(in: end..<seats.upperBound)
    }
  }
}
