import Holds
import TestSupport
import Testing
import Threads

@testable import HoldStore

/// What becomes of calls for the best tickets, with no server and no committer: the test makes the looks.
@Suite struct SeatBooksTests {
  private let start = Instant.now
  private let books = SeatBooks(limits: BestLimits(events: 1, seats: 100))

  private func call(
    _ event: String, _ quantity: Int = 1, by secret: String? = nil
  ) throws -> BestCall {
    BestCall(
      BestRequest(
        eventID: event, quantity: quantity, mustBeAdjacent: false, reservedSeconds: 600,
        holdID: secret.map { HoldID($0) }),
      arrived: start)
  }

  private func waits(_ decision: SeatBooks.Decision) -> Bool {
    if case .wait = decision { true } else { false }
  }

  /// Ends the next look, which finds these seats.
  private func look(finding seats: [String]) throws {
    guard case .look(let look) = books.nextDuty() else { throw Failure("no look is wanted") }
    _ = books.end(look, with: SeatBook(plan(seats)), readAt: 0)
  }

  private func plan(_ seats: [String]) -> SeatPlan {
    SeatPlan(seats.enumerated().map { Seat(ticketID: $1, zone: "A", row: "1", number: "\($0)") })
  }

  /// Puts a call into a queue, has it decided there, and gives it up.
  private func outcome(of operation: HoldOperation, deciding: (BestCall) -> Void) throws
    -> HoldOutcome?
  {
    let outcome = Monitor<HoldOutcome?>(nil)
    let submission = Submission(operation, requestID: nil, arrived: start) { told in
      outcome.withLock { $0 = told }
    }
    var queue = HoldQueue(limits: HoldStoreSettings().queue)
    _ = queue.enqueue(submission, ticketCount: 1, deadline: start, patientUntil: start)
    if let call = submission.best { deciding(call) }
    for entry in queue.takeExpired(now: start) { entry.expire() }
    return outcome.withLock { $0 }
  }

  /// The database has answered all along: others had the seats in hand.
  @Test func whoWaitedForOthersClaimsHearsOfContention() throws {
    let first = try call("E1")
    _ = books.decide([first], now: start)
    try look(finding: ["a"])
    _ = books.decide([first], now: start)
    #expect(first.proposal?.ticketIDs == ["a"])
    let outcome = try outcome(of: .best(1)) { second in
      #expect(waits(books.decide([second], now: start).0[0]))
    }
    #expect(outcome == .failed(.contended))
  }

  /// Seats may have been moved to another row, zone or event since, of which no commit tells.
  @Test func aBookThatIsOldIsNotChosenFrom() throws {
    let first = try call("E1")
    _ = books.decide([first], now: start)
    try look(finding: ["a", "b"])
    func decision(after milliseconds: Int) throws -> SeatBooks.Decision {
      books.decide([try call("E1")], now: .now.advanced(byMilliseconds: milliseconds)).0[0]
    }
    #expect(try !waits(decision(after: 9000)))
    #expect(try waits(decision(after: 11_000)))
    try look(finding: ["c"])
    guard case .propose = try decision(after: 0) else { throw Failure("nothing is proposed") }
  }

  /// What is known of a seat after a look, if a release without a `hold_id` is told of while it is made.
  private func state(
    known before: SeatBook.State, found: SeatBook.State, holder: SeatBook.Holder
  ) throws -> SeatBook.State? {
    let books = SeatBooks(limits: BestLimits(events: 1, seats: 100))
    func book(_ state: SeatBook.State) -> SeatBook {
      var book = SeatBook(plan(["a"]))
      book.learn(state, of: 0, holder: holder)
      return book
    }
    func nextLook(after milliseconds: Int) throws -> SeatBooks.Look {
      _ = books.decide([try call("E1")], now: .now.advanced(byMilliseconds: milliseconds))
      guard case .look(let look) = books.nextDuty() else { throw Failure("no look is wanted") }
      return look
    }
    _ = books.end(try nextLook(after: 0), with: book(before), readAt: 0)
    let look = try nextLook(after: 6000)
    books.learn(
      [(operation: .release("a"), event: nil, outcome: .released)], decidedAt: 10, now: start)
    _ = books.end(look, with: book(found), readAt: 20)
    return books.state.withLock { $0.events[ExactText("E1")]?.book?.state(of: 0) }
  }

  private static let held = SeatBook.State.held(until: .max - 1)

  /// A look may be made after a release was decided and before it is committed: it shows the hold still.
  @Test func whatCommitsTellDuringALookHolds() throws {
    #expect(try state(known: Self.held, found: Self.held, holder: .anonymous) == .free)
  }

  /// A release of another's hold tells nothing, and what was known before the look is no news.
  @Test func aLookIsBelievedWhereCommitsTellNothing() throws {
    let cart = SeatBook.Holder.cart(HoldID("cart"))
    #expect(try state(known: Self.held, found: .free, holder: cart) == .free)
    #expect(try state(known: .free, found: Self.held, holder: cart) == Self.held)
  }

  /// A call for so many of four seats, decided after a look has found the first one free. Meanwhile a commit
  /// has told this.
  private func decision(
    on call: BestCall, told operation: HoldOperation, _ outcome: HoldOutcome
  ) throws -> SeatBooks.Decision {
    _ = books.decide([call], now: start)
    guard case .look(let look) = books.nextDuty() else { throw Failure("no look is wanted") }
    var book = SeatBook(plan(["a", "b", "c", "d"]))
    for seat in 1...3 {
      book.learn(Self.held, of: seat, holder: seat == 1 ? .anonymous : .nobodyKnows)
    }
    _ = books.end(look, with: book, readAt: 0)
    books.learn(
      [(operation: operation, event: nil, outcome: outcome)], decidedAt: 10, now: .now)
    return books.decide([call], now: .now).0[0]
  }

  /// All four are released, and of two of them the book does not know whose holds they were.
  @Test func whoIsRefusedIsToldWhatWasFreeAtOneMoment() throws {
    let decision = try decision(
      on: try call("E1", 4), told: .release("a", "b", "c", "d"), .released)
    guard case .answer(.notEnough(free: 1)) = decision else { throw Failure("\(decision)") }
  }

  /// An order that is repeated tells of a sale that was made long ago, and may have been undone since.
  @Test func whatALookHasFoundIsNotRefused() throws {
    let decision = try decision(on: try call("E1"), told: .confirm("a", order: "1"), .sold)
    #expect(waits(decision))
    #expect(books.state.withLock { $0.events[ExactText("E1")]?.wantedSince } != nil)
  }

  /// Whoever finds that others were faster after each of five looks is told so.
  @Test func nobodyWaitsForEverInARush() throws {
    let call = try call("E1")
    let grant = HoldGrant(expiresAtUnixMicroseconds: .max - 1, expiresInSeconds: 1)
    for _ in 1...5 {
      #expect(waits(books.decide([call], now: .now).0[0]))
      try look(finding: ["a"])
      books.learn(
        [(operation: .lock("a"), event: nil, outcome: .granted(grant))], decidedAt: 10, now: start)
    }
    guard case .answer(.notEnough(free: 0)) = books.decide([call], now: .now).0[0] else {
      throw Failure("it still waits")
    }
  }

  /// Its twin may have chosen seats that the look has found held, and what it had may have been released.
  @Test(arguments: [true, false], [[], ["a"]])
  func whoeverMayHaveTicketsLooksThemUpAfterTheLook(hasLookedUp: Bool, had: [String]) throws {
    let call = try call("E1", 2, by: "cart")
    call.earlier = .known(had)
    call.lookedUp = start
    _ = books.decide([call], now: start)
    try look(finding: ["a"])
    if hasLookedUp {
      call.earlier = .known([])
      call.lookedUp = .now
    }
    switch books.decide([call], now: .now).0[0] {
    case .lookUp: #expect(!hasLookedUp)
    case .answer(.notEnough(free: 1)): #expect(hasLookedUp)
    case let decision: throw Failure("\(decision)")
    }
  }

  @Test func whoWaitedForALookHearsOfTheDatabase() throws {
    let outcome = try outcome(of: .best(1)) { call in
      #expect(waits(books.decide([call], now: start).0[0]))
    }
    #expect(outcome == .failed(.databaseUnreachable))
  }

  /// Whoever asks for events that do not exist keeps nobody from those that do.
  @Test func eventsThatNobodyKnowsShareALook() throws {
    let flood = try (0..<500).map { try call("nowhere\($0)") }
    #expect(books.decide(flood, now: start).0.count(where: waits) == 500)
    let one = try call("E1")
    #expect(waits(books.decide([one], now: start).0[0]))
    guard case .find(let looks) = books.nextDuty() else { throw Failure("not all at once") }
    #expect(looks.count == 501)
    // Meanwhile more come.
    _ = books.decide(try (500..<900).map { try call("nowhere\($0)") }, now: .now)
    let decided = books.end(looks, finding: [ExactText("E1")])
    #expect(decided.count == 500 && !decided.contains(ExactText("E1")))
    let outcomes = books.decide(flood, now: .now).0
    #expect(
      outcomes.count {
        if case .answer(.notEnough(free: 0)) = $0 { true } else { false }
      } == 500)
    guard case .look(let look) = books.nextDuty() else { throw Failure("no look at the event") }
    #expect(look.event == ExactText("E1"))
    _ = books.end(look, with: SeatBook(plan(["a"])), readAt: 0)
    _ = books.decide([one], now: .now)
    #expect(one.proposal?.ticketIDs == ["a"])
  }

  /// How many events are remembered after a hundred that nobody knows, asked for one after the other; each of
  /// these has a look of its own.
  private func remembered(askedEvents: Int) throws -> Int {
    let books = SeatBooks(limits: BestLimits(events: 1, seats: 100, askedEvents: askedEvents))
    for number in 0..<100 {
      #expect(waits(books.decide([try call("nowhere\(number)")], now: start).0[0]))
      guard case .look(let look) = books.nextDuty() else { throw Failure("no look of its own") }
      _ = books.end(look, with: SeatBook(plan([])), readAt: 0)
    }
    return books.state.withLock { $0.events.count }
  }

  @Test func eventsThatNobodyKnowsAreForgotten() throws {
    #expect(try remembered(askedEvents: 10) <= 10)
  }

  /// Negative control.
  @Test func withoutTheBoundEventsThatNobodyKnowsAreRemembered() throws {
    #expect(try remembered(askedEvents: .max) == 100)
  }

  /// The events whose seats are kept after three have been asked for, the first of them once more before the
  /// third; each has ten seats.
  private func kept(_ limits: BestLimits) throws -> [String] {
    let books = SeatBooks(limits: limits)
    for (second, event) in ["E1", "E2", "E1", "E3"].enumerated() {
      let (call, now) = (try call(event), start.advanced(byMilliseconds: second))
      var (decisions, claims) = books.decide([call], now: now)
      if waits(decisions[0]) {
        guard case .look(let look) = books.nextDuty() else { throw Failure("no look is wanted") }
        _ = books.end(look, with: SeatBook(plan((0..<10).map { "\(event)-\($0)" })), readAt: 0)
        (decisions, claims) = books.decide([call], now: now)
      }
      guard case .propose = decisions[0] else { throw Failure("\(event): \(decisions)") }
      // Whatever a batch has claimed is kept until it is decided.
      _ = books.end(claims)
    }
    return books.state.withLock { state in
      state.events.filter { $0.value.seatCount > 0 }.keys.map(\.text).sorted()
    }
  }

  @Test(arguments: [(2, 100), (3, 25)])
  func theEventAskedForLongestAgoGivesWay(events: Int, seats: Int) throws {
    #expect(try kept(BestLimits(events: events, seats: seats)) == ["E1", "E3"])
  }

  /// Negative control.
  @Test func withoutTheBoundsNoEventGivesWay() throws {
    #expect(try kept(BestLimits(events: 3, seats: 100)) == ["E1", "E2", "E3"])
  }

  /// An event that has lost its tickets is asked for as one that nobody knows.
  @Test func whatWasFoundAndHasNoSeatsIsLookedForAgain() throws {
    let calls = try ["E1", "E2"].map { try call($0) }
    _ = books.decide(calls, now: start)
    guard case .find(let looks) = books.nextDuty() else { throw Failure("not both at once") }
    _ = books.end(looks, finding: Set(looks.map(\.event)))
    for _ in 0..<2 { try look(finding: []) }
    let decisions = books.decide(calls, now: .now).0
    #expect(
      decisions.count {
        if case .answer(.notEnough(free: 0)) = $0 { true } else { false }
      } == 2)
  }
}
