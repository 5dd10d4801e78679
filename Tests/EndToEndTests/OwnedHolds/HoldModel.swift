/// What the contract says about 12 tickets and 8 owners, in a few lines. Times are microseconds.
struct HoldModel: Equatable {
  static let ticketCount = 12
  static let ownerCount = 8
  static let longest = 7200 * 1_000_000

  /// How many live tickets an owner may have.
  static let limit = 5

  /// A row of `tickets_blocked`.
  struct Hold: Equatable {
    var owner: Int?
    var end: Int
    var beginning: Int

    /// The call that chose the ticket; nil if somebody named it.
    var choice: BestCall?
  }

  enum Reason: Equatable { case sold, held(Hold) }

  enum Outcome: Equatable {
    case granted(earliestEnd: Int)
    case refused([Int: Reason])
    case overLimit(held: Int)
  }

  var isSold = [Bool](repeating: false, count: ticketCount)
  var holds = [Hold?](repeating: nil, count: ticketCount)

  mutating func lock(owner: Int?, tickets: [Int], seconds: Int, now: Int) -> Outcome {
    var reasons: [Int: Reason] = [:]
    for ticket in tickets {
      if isSold[ticket] {
        reasons[ticket] = .sold
      } else if let hold = live(ticket, now), owner == nil || hold.owner != owner {
        reasons[ticket] = .held(hold)
      }
    }
    guard reasons.isEmpty else { return .refused(reasons) }
    if owner != nil {
      let held = (0..<Self.ticketCount).filter { live($0, now)?.owner == owner }
      let more = tickets.filter { !held.contains($0) }.count
      if more > 0, held.count + more > Self.limit { return .overLimit(held: held.count) }
    }
    let wanted = now + seconds * 1_000_000
    for ticket in tickets {
      if var hold = live(ticket, now) {
        hold.end = max(hold.end, min(wanted, hold.beginning + Self.longest))
        holds[ticket] = hold
      } else {
        holds[ticket] = Hold(owner: owner, end: wanted, beginning: now)
      }
    }
    return .granted(earliestEnd: tickets.compactMap { holds[$0]?.end }.min() ?? 0)
  }

  mutating func release(owner: Int?, tickets: [Int]) {
    for ticket in tickets where holds[ticket]?.owner == nil || holds[ticket]?.owner == owner {
      holds[ticket] = nil
    }
  }

  /// Sells what is the owner's, or nobody's; gives those tickets that are not.
  mutating func confirm(owner: Int?, tickets: [Int], now: Int) -> [Int] {
    let unavailable = tickets.filter { ticket in
      isSold[ticket] || live(ticket, now).map { $0.owner != owner } ?? false
    }
    guard unavailable.isEmpty else { return unavailable }
    for ticket in tickets {
      isSold[ticket] = true
      holds[ticket] = nil
    }
    return []
  }

  mutating func sweep(now: Int) {
    for ticket in holds.indices where live(ticket, now) == nil { holds[ticket] = nil }
  }

  func live(_ ticket: Int, _ now: Int) -> Hold? {
    holds[ticket].flatMap { $0.end > now ? $0 : nil }
  }
}
