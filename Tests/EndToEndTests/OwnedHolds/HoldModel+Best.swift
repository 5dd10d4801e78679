/// What the contract allows a call for the best available tickets. Which of several seats it gets is the
/// choice's own matter, and has a model of its own; here it is whether it may have those that it was given.
extension HoldModel {
  /// The tickets are seats of one zone, in rows of so many.
  static let seatsInRow = 4

  /// A call, by what makes it the same when it is repeated.
  struct BestCall: Hashable {
    var owner: Int?
    var quantity: Int
    var mustBeAdjacent: Bool
  }

  enum BestAnswer: Equatable {
    case chosen([Int])
    case notEnough(free: Int)
    case overLimit(held: Int)

    /// The tickets that it grants.
    var tickets: [Int] { if case .chosen(let tickets) = self { tickets } else { [] } }
  }

  /// Does what the call was told has been done.
  ///
  /// - Returns: What speaks against it; nil if nothing does.
  mutating func lockBest(
    _ call: BestCall, seconds: Int, now: Int, told answer: BestAnswer
  ) -> String? {
    let kept = holds.indices.filter { ticket in
      !isSold[ticket] && call.owner != nil && live(ticket, now)?.choice == call
    }
    // More, when what it chose was sold beside its hold, replaced, and taken back.
    let quantity = max(call.quantity, kept.count)
    let free = holds.indices.filter { !isSold[$0] && live($0, now) == nil }
    switch answer {
    case .notEnough(let told):
      if told != free.count { return "\(told) said to be free, not \(free.count)" }
      return canChoose(quantity, call, free, keeping: kept) ? "refused with \(free) free" : nil
    case .overLimit(let told):
      let held = holds.indices.filter { live($0, now)?.owner == call.owner }.count
      let isOver = held + quantity - kept.count > Self.limit
      return call.owner != nil && isOver && told == held ? nil : "over the limit with \(held)"
    case .chosen(let tickets):
      guard tickets.count == quantity, tickets == Array(Set(tickets)).sorted() else {
        return "not \(quantity) in their order"
      }
      guard tickets.allSatisfy({ free.contains($0) || kept.contains($0) }) else {
        return "not free, with \(free) free"
      }
      if !Set(kept).isSubset(of: tickets) { return "\(kept) were chosen before" }
      // What is only renewed stays as it is.
      if call.mustBeAdjacent, kept.count < quantity, !Self.areNeighbours(tickets) {
        return "no neighbours"
      }
      guard case .granted = lock(owner: call.owner, tickets: tickets, seconds: seconds, now: now)
      else { return "not to be granted" }
      if call.owner != nil { for ticket in tickets { holds[ticket]?.choice = call } }
      return nil
    }
  }

  private func canChoose(
    _ quantity: Int, _ call: BestCall, _ free: [Int], keeping kept: [Int]
  ) -> Bool {
    let possible = Set(free + kept)
    guard call.mustBeAdjacent, kept.count < quantity else { return possible.count >= quantity }
    return holds.indices.contains { first in
      let seats = Array(first..<first + quantity)
      return Self.areNeighbours(seats) && possible.isSuperset(of: seats)
        && Set(kept).isSubset(of: seats)
    }
  }

  private static func areNeighbours(_ seats: [Int]) -> Bool {
    seats == Array(seats[0]..<seats[0] + seats.count)
      && seats[0] / seatsInRow == (seats[0] + seats.count - 1) / seatsInRow
  }
}
