public import Holds

/// The best available tickets: what a call may be given, and what it is to be given. A repeated call keeps
/// what it chose before.
extension HoldModel {
  /// What a call is to be given if the service knows of every change; nil for nothing, and for a repeat,
  /// which may be given whatever goes with what it has.
  public func best(_ request: BestRequest, now: Int) -> [String]? {
    guard kept(request, now: now).isEmpty else { return nil }
    return seats(now: now).choice(request.quantity, mustBeAdjacent: request.mustBeAdjacent)?
      .map { tickets[$0] }
  }

  mutating func lockBest(
    _ request: BestRequest, now: Int, chosen: [String]
  ) throws(Difference) -> HoldOutcome {
    let kept = kept(request, now: now)
    var seats = seats(now: now)
    let free = seats.isFree.count { $0 }
    for seat in kept { seats.isFree[seat] = true }
    // More, when what it chose was sold beside its hold, replaced, and taken back.
    let quantity = max(request.quantity, kept.count)
    // What is only renewed stays as it is.
    let mustBeAdjacent = request.mustBeAdjacent && kept.count < quantity
    let blocks = seats.blocks(quantity).filter { Set(kept).isSubset(of: $0) }
    guard mustBeAdjacent ? !blocks.isEmpty : free + kept.count >= quantity else {
      return .notEnough(free: free)
    }
    let more = Array(repeating: "any other", count: quantity - kept.count)
    if let held = excess(kept.map { tickets[$0] } + more, request.holdID, request.shopper, now: now)
    {
      return .overLimit(limit: limit, held: held)
    }
    let choice = chosen.compactMap { tickets.firstIndex(of: $0) }
    let isAllowed =
      choice.count == quantity && choice == Set(choice).sorted() && choice.count == chosen.count
      && choice.allSatisfy { seats.isFree[$0] } && Set(kept).isSubset(of: choice)
      && (!mustBeAdjacent || blocks.contains(choice))
    let lock = LockRequest(
      ticketIDs: chosen, reservedSeconds: request.reservedSeconds, holdID: request.holdID,
      shopper: request.shopper, choice: ChoiceKey(request))
    guard isAllowed, case .granted(let grant) = self.lock(lock, now: now) else {
      throw Difference("chose \(chosen), with \(kept) chosen before, of \(seats)")
    }
    return .chosen(ticketIDs: chosen, grant)
  }

  /// The seats that the same call chose before; what was sold beside its hold cannot be held again.
  private func kept(_ request: BestRequest, now: Int) -> [Int] {
    guard let choice = ChoiceKey(request)?.text else { return [] }
    return tickets.indices.filter { seat in
      isForSale[tickets[seat]] == true && live(tickets[seat], now: now)?.choice == choice
    }
  }

  private func seats(now: Int) -> SeatModel {
    let starts = rows.indices.map { rows[..<$0].joined().count }
    return SeatModel(
      rows: zip(starts, rows).map { $0..<$0 + $1.count },
      isFree: tickets.map { obstacle($0, nil, now: now) == nil })
  }
}
