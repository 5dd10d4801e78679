internal import Holds
internal import Threads

/// The seat books of the events that are asked for, shared by all committers.
///
/// A book proposes, and the commit decides: what a book does not know yet costs a caller another commit,
/// and never an answer that is not true.
final class SeatBooks: Sendable {
  /// What is to become of a call.
  enum Decision {
    /// Its proposal goes to the database.
    case propose

    case answer(HoldOutcome)

    /// It waits until the event's news are others than these.
    case wait(news: Int)

    /// The tickets that it chose before are to be looked up; then it is to be decided anew.
    case lookUp
  }

  struct State {
    var events: [ExactText: EventSeats] = [:]

    /// The database's clock at an instant of ours.
    var clock: (unixMicroseconds: Int64, at: Instant)?
    var isStopping = false

    func now(_ now: Instant) -> Int64 {
      clock.map { $0.unixMicroseconds + Int64($0.at.microseconds(until: now)) } ?? 0
    }
  }

  /// A book is read again after this time while it is in use: others than this service change seats too.
  private static let refreshMilliseconds = 5000

  /// Nor is a book of this age believed, after a time without a call or without a look that succeeded: which
  /// tickets an event has, and where their seats are, no commit would tell.
  private static let staleMilliseconds = 10_000

  let limits: BestLimits

  /// Its condition tells the thread that looks of looks that are wanted.
  let state = Monitor(State())

  init(limits: BestLimits) { self.limits = limits }

  /// Decides about calls in their order, and claims the seats of those that are to go to the database.
  func decide(_ calls: [BestCall], now: Instant) -> ([Decision], SeatClaims) {
    var claims = SeatClaims()
    let (decisions, wantsLook) = state.withLock { state in
      // The calls of one cart that are the same get the same tickets: the later one is a renewal.
      var proposals: [ExactText: [String]] = [:]
      let decisions = calls.map { call in
        decide(call, &state, &claims, &proposals, now: now)
      }
      return (decisions, state.events.values.contains { $0.wantedSince == now })
    }
    if wantsLook { state.signal() }
    return (decisions, claims)
  }

  private func decide(
    _ call: BestCall, _ state: inout State, _ claims: inout SeatClaims,
    _ proposals: inout [ExactText: [String]], now: Instant
  ) -> Decision {
    let event = event(of: call, &state, now: now)
    event.lastUse = now
    call.waitsForOthers = false
    if let failure = event.failure, failure.lookedAt >= call.arrived {
      return .answer(.failed(failure.cause))
    }
    guard event.book != nil, let lookedAt = event.lookedAt,
      now <= lookedAt.advanced(byMilliseconds: Self.staleMilliseconds)
    else {
      event.wantLook(now: now)
      return .wait(news: event.news)
    }
    if lookedAt.advanced(byMilliseconds: Self.refreshMilliseconds) < now {
      event.wantLook(now: now)
    }
    if case .toLookUp = call.earlier { return .lookUp }
    if let key = call.key {
      if let ticketIDs = proposals[key] {
        call.proposal = call.lock(ticketIDs)
        return .propose
      }
      if event.choices.contains(key) {
        call.earlier = .toLookUp
        call.waitsForOthers = true
        return .wait(news: event.news)
      }
    }
    event.book?.expire(now: state.now(now))
    return choose(for: call, in: event, &claims, &proposals, now: now)
  }

  private func choose(
    for call: BestCall, in event: EventSeats, _ claims: inout SeatClaims,
    _ proposals: inout [ExactText: [String]], now: Instant
  ) -> Decision {
    guard let plan = event.book?.plan else { return .wait(news: event.news) }
    var earlier: [String] = []
    if case .known(let ticketIDs) = call.earlier { earlier = ticketIDs }
    let kept = earlier.compactMap { plan.seat(of: ExactText($0)) }
    // Tickets that have left the event since stay the call's own.
    let strays = earlier.filter { plan.seat(of: ExactText($0)) == nil }
    var wish = call.wish(kept: kept)
    // The call may keep more than its quantity: one of its tickets was sold in SQL, a repeat chose another,
    // and then the sale was undone.
    wish.quantity = max(wish.quantity - strays.count, kept.count)
    guard let seats = wish.quantity == 0 ? [] : event.book?.choose(wish) else {
      if case .unknown = call.earlier {
        call.earlier = .toLookUp
        return .lookUp
      }
      wish.skippedRows = 0
      if event.book?.couldChoose(wish) == true {
        call.waitsForOthers = true
        return .wait(news: event.news)
      }
      call.waitsForOthers = event.avoidsTickets(of: wish.zone, now: now)
      if !call.waitsForOthers, let lookedAt = event.lookedAt, lookedAt >= call.arrived {
        // What it has may have been released by then, or its twin may have chosen some.
        if call.hasNotLookedUp(since: event.found?.by) {
          call.earlier = .toLookUp
          return .lookUp
        }
        if let refusal = event.refusal(of: wish) { return .answer(refusal) }
        // Others were faster than the look.
        call.waitsForOthers = true
        if call.isOutrun(at: lookedAt) {
          return .answer(.notEnough(free: event.book?.open.count(zone: wish.zone) ?? 0))
        }
      }
      event.wantLook(now: now)
      return .wait(news: event.news)
    }
    let ticketIDs = seats.map { plan.ticketIDs[$0] } + strays
    event.book?.claim(seats)
    if let key = call.key {
      event.choices.insert(key)
      proposals[key] = ticketIDs
    }
    claims.claims.append(
      SeatClaims.Claim(
        event: call.event, layout: event.layout, seats: seats, ticketIDs: ticketIDs,
        choice: call.key))
    call.proposal = call.lock(ticketIDs)
    return .propose
  }

  /// The event that a call is about.
  private func event(of call: BestCall, _ state: inout State, now: Instant) -> EventSeats {
    if let known = state.events[call.event] { return known }
    if state.events.count >= limits.askedEvents {
      // Those that have no seats: they may not even exist.
      for (name, event) in state.events where event.isIdle && event.seatCount == 0 {
        state.events[name] = nil
      }
    }
    let event = EventSeats(now: now)
    state.events[call.event] = event
    return event
  }

  /// Whether something has happened since that a call waits for.
  func hasNews(of event: ExactText, since news: Int) -> Bool {
    state.withLock { $0.events[event]?.news != news }
  }

  /// Ends the claims of a batch that is decided or given up, and tells whose callers may be waiting.
  func end(_ claims: SeatClaims) -> Set<ExactText> {
    state.withLock { state in
      for claim in claims.claims {
        guard let event = state.events[claim.event] else { continue }
        event.news += 1
        if let choice = claim.choice { event.choices.remove(choice) }
        guard let plan = event.book?.plan else { continue }
        let seats =
          claim.layout == event.layout
          ? claim.seats : claim.ticketIDs.compactMap { plan.seat(of: ExactText($0)) }
        event.book?.unclaim(seats)
      }
      return Set(claims.claims.map(\.event))
    }
  }
}

/// The bounds of the seat books.
struct BestLimits {
  /// Events whose seats are kept.
  var events: Int

  /// Seats that are kept, of all events together.
  var seats: Int

  /// From so many events on, those are forgotten that have no seats and that nobody waits for. How many
  /// have calls that wait is bounded by the queue.
  var askedEvents = 256
}
