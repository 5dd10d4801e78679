internal import Holds
internal import Threads

/// Which event is to be looked at next, and what a look changes.
extension SeatBooks {
  /// A look that is to be made.
  struct Look {
    let event: ExactText
    let began: Instant

    /// The layout that is known.
    let plan: SeatPlan?
  }

  enum Duty {
    case look(Look)

    /// First it is only to be found out which of these events have seats at all.
    case find([Look])
    case end
  }

  /// Between two looks at an event; callers who come meanwhile share the next one.
  private static let pauseMilliseconds = 50

  /// Waits for a look that is wanted, one event after the other, and begins it. Events that nobody knows
  /// share theirs: however many are asked for, the others wait for one look.
  func nextDuty() -> Duty {
    while true {
      let found = state.wait(
        until: { state in state.events.values.compactMap(\.timeToLook).min() },
        for: { state -> Duty? in
          if state.isStopping { return .end }
          let now = Instant.now
          let due = state.events.filter { $0.value.timeToLook.map { $0 <= now } ?? false }
          let longest = due.min {
            ($0.value.wantedSince ?? now) < ($1.value.wantedSince ?? now)
          }
          guard let next = longest else { return nil }
          let unknown = due.filter(\.value.isUnknown)
          if next.value.isUnknown, unknown.count > 1 {
            for event in unknown.values { event.beginLook() }
            return .find(unknown.keys.map { Look(event: $0, began: now, plan: nil) })
          }
          next.value.beginLook()
          return .look(Look(event: next.key, began: now, plan: next.value.book?.plan))
        })
      if let found { return found }
    }
  }

  /// Ends a look that has given a book.
  ///
  /// - Parameter readAt: The database's clock when it was read.
  /// - Returns: The events whose callers may go on.
  func end(_ look: Look, with found: SeatBook, readAt: Int64?) -> Set<ExactText> {
    state.withLock { state in
      guard keep(found, of: look, readAt: readAt, &state) else { return [look.event] }
      return evict(except: look.event, &state).union([look.event])
    }
  }

  private func keep(
    _ found: SeatBook, of look: Look, readAt: Int64?, _ state: inout State
  ) -> Bool {
    guard let event = finish(look, &state) else { return false }
    var book = found
    if let old = event.book {
      for seat in event.learned {
        let ticketID = ExactText(old.plan.ticketIDs[seat])
        guard let number = book.plan.seat(of: ticketID) else { continue }
        book.learn(of: number, from: old, itsSeat: seat)
      }
      let claimed = old.claimedSeats.map { ExactText(old.plan.ticketIDs[$0]) }
      book.claim(claimed.compactMap { book.plan.seat(of: $0) })
      if old.plan.digest == book.plan.digest {
        book.learnHolders(from: old)
      } else {
        event.layout += 1
      }
    }
    event.book = book
    event.found = (found.open, .now)
    event.learned = []
    event.failure = nil
    event.lookedAt = look.began
    if let readAt, state.clock == nil { state.clock = (readAt, .now) }
    return true
  }

  /// Ends looks that have only found out which of their events have seats: these are looked at next, in
  /// their turn.
  func end(_ looks: [Look], finding found: Set<ExactText>) -> Set<ExactText> {
    state.withLock { state in
      for look in looks where !found.contains(look.event) {
        _ = keep(SeatBook(SeatPlan([])), of: look, readAt: nil, &state)
      }
      for look in looks where found.contains(look.event) {
        guard let event = state.events[look.event] else { continue }
        event.isLooking = false
        event.isFound = true
        event.wantedSince = look.began
      }
    }
    return Set(looks.map(\.event)).subtracting(found)
  }

  /// Ends a look that has failed.
  ///
  /// - Parameter cause: What those are told who waited for it; nil lets them ask for another.
  func end(_ look: Look, failedBy cause: HoldFailure?) -> Set<ExactText> {
    state.withLock { state in
      guard let event = finish(look, &state) else { return }
      event.learned = []
      event.failure = cause.map { ($0, look.began) }
    }
    return [look.event]
  }

  private func finish(_ look: Look, _ state: inout State) -> EventSeats? {
    guard let event = state.events[look.event] else { return nil }
    let now = Instant.now
    event.isLooking = false
    event.isFound = false
    event.news += 1
    // Looks take at most half of the time.
    event.nextLook = now.advanced(
      byMilliseconds: max(Self.pauseMilliseconds, look.began.milliseconds(until: now)))
    return event
  }

  /// Forgets the events that nobody has asked for longest, as long as a bound is passed.
  private func evict(except kept: ExactText, _ state: inout State) -> Set<ExactText> {
    var evicted: Set<ExactText> = []
    while true {
      let loaded = state.events.filter { $0.value.seatCount > 0 }
      let seats = loaded.reduce(0) { $0 + $1.value.seatCount }
      guard loaded.count > limits.events || seats > limits.seats else { return evicted }
      let idle = loaded.filter { $0.key != kept && $0.value.isIdle }
      guard let oldest = idle.min(by: { $0.value.lastUse < $1.value.lastUse }) else {
        return evicted
      }
      state.events[oldest.key] = nil
      evicted.insert(oldest.key)
    }
  }

  /// Has no further look begun.
  func stop() {
    state.withLock { $0.isStopping = true }
    state.broadcast()
  }
}

extension EventSeats {
  /// When the look that is wanted may begin; nil when none is.
  fileprivate var timeToLook: Instant? {
    guard let wantedSince, !isLooking else { return nil }
    return max(wantedSince, nextLook)
  }
}
