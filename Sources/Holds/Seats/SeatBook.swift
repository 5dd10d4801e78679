/// What is known of an event's seats: which are free, until when others are held, and which are on
/// their way to the database in a batch. It is knowledge, not decision: the commit decides.
///
/// Times are microseconds of the database's clock since 1970-01-01 UTC.
public struct SeatBook: Sendable {
  /// What is known of a seat.
  public enum State: Sendable, Equatable {
    /// Anybody may have it.
    case free

    /// Held until then.
    case held(until: Int64)

    /// Sold, withheld from sale, or not there any more.
    case taken
  }

  /// Whose hold is on a seat, as far as that is known, so that a release can be told from an attempt.
  public enum Holder: Sendable, Equatable {
    /// It is not known.
    case nobodyKnows

    /// A hold without a `hold_id`.
    case anonymous

    /// The hold of this cart.
    case cart(HoldID)

    fileprivate var mark: Int32 {
      switch self {
      case .nobodyKnows: -1
      case .anonymous: 0
      // Never one of the other two.
      case .cart(let holdID): Int32(truncatingIfNeeded: holdID.hashValue) & 0x7fff_fffe | 1
      }
    }
  }

  struct RowState: Sendable {
    var freeCount = 0

    /// The longest run of free seats; nil when it is to be measured.
    var longestRun: Int32?
  }

  /// The seats.
  public let plan: SeatPlan

  /// The seats that can be chosen: free and not claimed.
  private(set) var free: SeatBits
  private(set) var rows: [RowState]
  private var claimed: SeatBits

  /// 0 for free, `.max` for taken, else the end of a hold.
  private var ends: [Int64]
  private var holders: [Int32]
  private var nextEnd = Int64.max

  private var claimedCount = 0

  /// A book in which every seat is free.
  public init(_ plan: SeatPlan) {
    let count = plan.ticketIDs.count
    self.plan = plan
    free = SeatBits(count: count)
    claimed = SeatBits(count: count)
    rows = Array(repeating: RowState(), count: plan.rows.count)
    ends = Array(repeating: 0, count: count)
    holders = Array(repeating: -1, count: count)
    for seat in 0..<count { setFree(seat, true) }
  }

  /// What is known of a seat.
  public func state(of seat: Int) -> State {
    switch ends[seat] {
    case 0: .free
    case .max: .taken
    case let end: .held(until: end)
    }
  }

  /// The seats that are claimed.
  public var claimedSeats: [Int] {
    guard claimedCount > 0 else { return [] }
    var seats: [Int] = []
    seats.reserveCapacity(claimedCount)
    var next = claimed.first(in: 0..<ends.count)
    while next < ends.count {
      seats.append(next)
      next = claimed.first(in: next + 1..<ends.count)
    }
    return seats
  }

  /// Notes what has become of a seat.
  public mutating func learn(_ state: State, of seat: Int, holder: Holder = .nobodyKnows) {
    switch state {
    case .free: ends[seat] = 0
    case .taken: ends[seat] = .max
    case .held(let end):
      ends[seat] = max(1, min(end, .max - 1))
      nextEnd = min(nextEnd, ends[seat])
    }
    holders[seat] = holder.mark
    setFree(seat, ends[seat] == 0 && !claimed[seat])
  }

  /// Notes that a release has been made, which frees a hold of `holder`'s or of nobody's.
  ///
  /// A hold of which it is not known whose it is stays: it may be somebody else's, and a release that
  /// changes nothing must not have callers try for the seat in vain.
  ///
  /// - Returns: Whether it frees the seat.
  @discardableResult
  public mutating func learnRelease(of seat: Int, by holder: Holder) -> Bool {
    guard ends[seat] != 0, ends[seat] != .max else { return false }
    guard holders[seat] == 0 || (holders[seat] > 0 && holders[seat] == holder.mark) else {
      return false
    }
    learn(.free, of: seat)
    return true
  }

  /// Takes over whose the holds are, as far as they are those that another book of the same plan knows.
  public mutating func learnHolders(from other: SeatBook) {
    for seat in ends.indices where holders[seat] < 0 && ends[seat] != 0 {
      // The clock's fractions are rounded on the way.
      let difference = ends[seat].subtractingReportingOverflow(other.ends[seat])
      guard !difference.overflow, abs(difference.partialValue) <= 2 else { continue }
      holders[seat] = other.holders[seat]
    }
  }

  /// Takes over what another book knows of a seat.
  public mutating func learn(of seat: Int, from other: SeatBook, itsSeat: Int) {
    learn(other.state(of: itsSeat), of: seat)
    holders[seat] = other.holders[itsSeat]
  }

  /// Notes that holds have expired.
  public mutating func expire(now: Int64) {
    guard nextEnd <= now else { return }
    nextEnd = .max
    for seat in ends.indices where ends[seat] != 0 {
      if ends[seat] <= now {
        learn(.free, of: seat)
      } else if ends[seat] < nextEnd {
        nextEnd = ends[seat]
      }
    }
    // At most so often, however many holds end one after the other.
    if nextEnd != .max { nextEnd = max(nextEnd, now + Self.expiryPauseMicroseconds) }
  }

  private static var expiryPauseMicroseconds: Int64 { 20_000 }

  /// Takes seats out of the choice while a batch is under way to the database with them.
  public mutating func claim(_ seats: [Int]) {
    for seat in seats where !claimed[seat] {
      claimed[seat] = true
      claimedCount += 1
      setFree(seat, false)
    }
  }

  /// Ends a claim, whatever has become of it.
  public mutating func unclaim(_ seats: [Int]) {
    for seat in seats where claimed[seat] {
      claimed[seat] = false
      claimedCount -= 1
      setFree(seat, ends[seat] == 0)
    }
  }

  mutating func setFree(_ seat: Int, _ isFree: Bool) {
    guard free[seat] != isFree else { return }
    free[seat] = isFree
    let row = Int(plan.rowOf[seat])
    rows[row].freeCount += isFree ? 1 : -1
    rows[row].longestRun = nil
  }

  /// How many seats are free, claimed ones included: a batch under way may give them back.
  ///
  /// - Parameter zone: The zone that they are counted in; nil for all.
  public func freeCount(zone: String?) -> Int {
    let counted = plan.rows(of: zone)
    let claimed = claimedSeats.count { ends[$0] == 0 && counted.contains(Int(plan.rowOf[$0])) }
    return counted.reduce(claimed) { $0 + rows[$1].freeCount }
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
    var start = free.first(in: seats)
    while start < seats.upperBound {
      let end = free.firstAbsent(in: start..<seats.upperBound)
      body(start..<end)
      start = free.first(in: end..<seats.upperBound)
    }
  }
}
