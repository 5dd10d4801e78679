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

  /// The seats that can be chosen: free and not claimed.
  public private(set) var open: FreeSeats
  private var claimed: SeatBits

  /// 0 for free, `.max` for taken, else the end of a hold.
  private var ends: [Int64]
  private var holders: [Int32]
  private var nextEnd = Int64.max

  private var claimedCount = 0

  /// A book in which every seat is free.
  public init(_ plan: SeatPlan) {
    let count = plan.ticketIDs.count
    open = FreeSeats(plan)
    claimed = SeatBits(count: count)
    ends = Array(repeating: 0, count: count)
    holders = Array(repeating: -1, count: count)
  }

  /// The seats.
  public var plan: SeatPlan { open.plan }

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
    open[seat] = ends[seat] == 0 && !claimed[seat]
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
      open[seat] = false
    }
  }

  /// Ends a claim, whatever has become of it.
  public mutating func unclaim(_ seats: [Int]) {
    for seat in seats where claimed[seat] {
      claimed[seat] = false
      claimedCount -= 1
      open[seat] = ends[seat] == 0
    }
  }

  /// The best seats that can be chosen, in their order; nil when there are not enough, or none that fit.
  public mutating func choose(_ wish: SeatWish) -> [Int]? { open.choose(wish) }

  /// Whether there might be enough if every batch under way gave its seats back.
  public mutating func couldChoose(_ wish: SeatWish) -> Bool {
    let hidden = claimedSeats.filter { state(of: $0) == .free }
    guard !hidden.isEmpty else { return false }
    for seat in hidden { open[seat] = true }
    defer { for seat in hidden { open[seat] = false } }
    return choose(wish) != nil
  }
}
