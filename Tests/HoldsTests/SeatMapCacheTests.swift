import Holds
import Testing

/// The rules by which seat maps are read and kept; its seconds are the tests' own.
@Suite struct SeatMapCacheTests {
  private var cache = makeCache()

  private static func makeCache(
    events: Int = 3, bytes: Int = 1_000_000, unknownEvents: Int = 5, eventsPerLook: Int = 3,
    looksPerSecond: Int = 2
  ) -> Cache {
    Cache(
      limits: SeatMapLimits(
        events: events, bytes: bytes, unknownEvents: unknownEvents, eventsPerLook: eventsPerLook,
        looksPerSecond: looksPerSecond))
  }

  private static func snapshot(
    _ tag: String, layoutID: String = "L", layout: Bool = false, bytes: Int = 10
  ) -> SeatMapSnapshot {
    let body = [UInt8](repeating: 0, count: bytes)
    return SeatMapSnapshot(
      layoutID: layoutID, availability: .init(tag: tag, gzip: body),
      layout: layout ? .init(tag: layoutID, gzip: body) : nil)
  }

  private mutating func ask(
    _ part: SeatMapPart = .availability, of event: String = "E",
    by waiter: String = "w", in second: Int, until deadline: Int = 100
  ) -> String {
    Self.shown(
      cache.ask(part, of: EventID(event), waiter: waiter, second: second, deadline: deadline))
  }

  /// Makes an event known, and reads it in that second.
  private mutating func read(_ event: String, in second: Int, bytes: Int = 10) {
    _ = ask(of: event, in: second)
    while let work = cache.nextWork(second: second) {
      switch work {
      case .look(let eventIDs): _ = cache.endLook(found: Set(eventIDs))
      case .read(let eventID, _):
        _ = cache.endRead(of: eventID, .snapshot(Self.snapshot(eventID.text, bytes: bytes)))
      }
    }
  }

  @Test mutating func whoAsksInOneSecondShareOneRead() {
    #expect(ask(by: "first", in: 10) == "waits")
    #expect(ask(by: "second", in: 10) == "waits")
    #expect(Self.shown(cache.nextWork(second: 10)) == "look E")
    #expect(Self.shown(cache.nextWork(second: 10)) == "nothing")
    #expect(ask(by: "third", in: 10) == "waits")
    #expect(cache.endLook(found: [EventID("E")]).isEmpty)
    #expect(Self.shown(cache.nextWork(second: 10)) == "read E")
    #expect(ask(by: "fourth", in: 10) == "waits")
    #expect(Self.shown(cache.nextWork(second: 10)) == "nothing")
    let answers = cache.endRead(of: EventID("E"), .snapshot(Self.snapshot("a")))
    #expect(
      Self.shown(answers) == ["first: a@10", "fourth: a@10", "second: a@10", "third: a@10"])
    #expect(ask(in: 10) == "a@10")
    #expect(Self.shown(cache.nextWork(second: 10)) == "nothing")
  }

  /// Also when the clock has been set back.
  @Test mutating func itIsReadOnceASecondAndOnlyWhenSomebodyAsks() {
    read("E", in: 10)
    var reads: [String] = []
    for second in [11, 11, 12, 15, 15, 3, 3] {
      _ = ask(in: second)
      if let work = cache.nextWork(second: second) {
        reads.append("\(second) \(Self.shown(work))")
        _ = cache.endRead(of: EventID("E"), .snapshot(Self.snapshot("\(second)")))
      }
      #expect(ask(in: second) == "\(second)@\(second)")
    }
    #expect(reads == ["11 read E", "12 read E", "15 read E", "3 read E"])
  }

  /// What was read in a second that is over is given to those who waited, and to nobody else.
  @Test mutating func aReadThatEndsInTheNextSecondIsGivenOutOnce() {
    read("E", in: 10)
    #expect(ask(by: "early", in: 11) == "waits")
    #expect(Self.shown(cache.nextWork(second: 11)) == "read E")
    #expect(ask(by: "late", in: 12) == "waits")
    #expect(Self.shown(cache.nextWork(second: 12)) == "nothing")
    #expect(
      Self.shown(cache.endRead(of: EventID("E"), .snapshot(Self.snapshot("b"))))
        == ["early: b@11", "late: b@11"])
    #expect(ask(in: 12) == "waits")
    #expect(Self.shown(cache.nextWork(second: 12)) == "read E")
  }

  @Test mutating func aFailureIsEverybodysForTheSecond() {
    read("E", in: 10)
    #expect(ask(in: 11) == "waits")
    _ = cache.nextWork(second: 11)
    #expect(
      Self.shown(cache.endRead(of: EventID("E"), .failed(.databaseUnreachable)))
        == ["w: databaseUnreachable"])
    #expect(ask(in: 11) == "databaseUnreachable")
    #expect(Self.shown(cache.nextWork(second: 11)) == "nothing")
    #expect(ask(in: 12) == "waits")
    #expect(Self.shown(cache.nextWork(second: 12)) == "read E")
  }

  @Test mutating func theLayoutIsReadWhenItIsAskedForAndNotKnown() {
    read("E", in: 10)
    #expect(ask(.layout, in: 11) == "waits")
    #expect(Self.shown(cache.nextWork(second: 11)) == "read E whole")
    #expect(
      Self.shown(cache.endRead(of: EventID("E"), .snapshot(Self.snapshot("a", layout: true))))
        == ["w: L@11"])
    // As long as the availability names the same one, it is current.
    #expect(ask(.layout, in: 12) == "waits")
    #expect(Self.shown(cache.nextWork(second: 12)) == "read E")
    #expect(
      Self.shown(cache.endRead(of: EventID("E"), .snapshot(Self.snapshot("b")))) == ["w: L@12"])
  }

  /// Even then it is one read a second.
  @Test mutating func whoAsksForALayoutThatHasChangedWaitsForTheNextSecond() {
    _ = ask(.layout, in: 10)
    _ = cache.nextWork(second: 10)
    _ = cache.endLook(found: [EventID("E")])
    _ = cache.nextWork(second: 10)
    _ = cache.endRead(of: EventID("E"), .snapshot(Self.snapshot("a", layout: true)))
    #expect(ask(.layout, by: "map", in: 11) == "waits")
    #expect(ask(by: "states", in: 11) == "waits")
    _ = cache.nextWork(second: 11)
    #expect(
      Self.shown(cache.endRead(of: EventID("E"), .snapshot(Self.snapshot("b", layoutID: "M"))))
        == ["states: b@11"])
    #expect(Self.shown(cache.nextWork(second: 11)) == "nothing")
    #expect(cache.hasWork)
    #expect(Self.shown(cache.nextWork(second: 12)) == "read E whole")
    let answers = cache.endRead(
      of: EventID("E"), .snapshot(Self.snapshot("c", layoutID: "M", layout: true)))
    #expect(Self.shown(answers) == ["map: M@12"])
  }

  @Test mutating func unknownEventsAreLookedForTogetherAndSoOftenOnly() {
    for number in 0..<5 { #expect(ask(of: "\(number)", in: 10) == "waits") }
    // No more of them wait than the limit says.
    #expect(ask(of: "5", in: 10) == "busy")
    #expect(ask(of: "4", in: 10) == "waits")
    guard case .look(let first) = cache.nextWork(second: 10) else {
      Issue.record("they are not looked for")
      return
    }
    #expect(first.count == 3)
    #expect(cache.endLook(found: []).count { $0.outcome.isNotFound } >= 3)
    #expect(ask(of: first[0].text, in: 10) == "not found")
    _ = cache.nextWork(second: 10)
    _ = cache.endLook(found: [])
    #expect(ask(of: "6", in: 10) == "waits")
    #expect(Self.shown(cache.nextWork(second: 10)) == "nothing")
    #expect(cache.hasWork)
    #expect(Self.shown(cache.nextWork(second: 11)) == "look 6")
    // In a new second it may exist.
    _ = cache.endLook(found: [])
    #expect(ask(of: first[0].text, in: 11) == "waits")
  }

  /// Asks for so many events that do not exist, and tells how many statements look for them.
  private mutating func flood(events: Int) -> Int {
    var lookCount = 0
    for number in 0..<events {
      _ = ask(of: "x\(number)", in: 10)
      if case .look = cache.nextWork(second: 10) {
        lookCount += 1
        _ = cache.endLook(found: [])
      }
    }
    return lookCount
  }

  @Test mutating func aFloodOfUnknownEventsIsBounded() {
    read("E", in: 10)
    #expect(flood(events: 10_000) <= 2)
    #expect(cache.unknownCount <= 5 && cache.eventCount == 1)
    #expect(ask(in: 10) == "E@10")
  }

  /// The negative control.
  @Test mutating func withoutTheBoundEachUnknownEventWouldReachTheDatabase() {
    cache = Self.makeCache(unknownEvents: .max, looksPerSecond: .max)
    #expect(flood(events: 10_000) == 10_000)
    #expect(cache.unknownCount == 10_000)
  }

  /// Asks for B, then for A, and then for C.
  private mutating func askForThree(events: Int) {
    cache = Self.makeCache(events: events)
    read("A", in: 10)
    read("B", in: 11)
    _ = ask(of: "A", in: 12)
    read("A", in: 12)
    read("C", in: 13)
  }

  /// Negative control.
  @Test mutating func withoutTheBoundNoEventGivesWay() {
    askForThree(events: 3)
    #expect(cache.eventCount == 3)
    _ = ask(of: "B", in: 13)
    #expect(Self.shown(cache.nextWork(second: 13)) == "read B")
  }

  @Test mutating func theEventAskedForLongestAgoGivesWay() {
    askForThree(events: 2)
    #expect(cache.eventCount == 2)
    // B was read two seconds ago.
    #expect(ask(of: "B", in: 13) == "waits")
    #expect(Self.shown(cache.nextWork(second: 13)) == "look B")
  }

  /// Otherwise an event that has given way would be read again in the same second.
  @Test mutating func whatWasReadInThisSecondDoesNotGiveWay() {
    cache = Self.makeCache(events: 2, looksPerSecond: 10)
    read("A", in: 10)
    read("B", in: 10)
    #expect(ask(of: "C", in: 10) == "waits")
    #expect(Self.shown(cache.nextWork(second: 10)) == "look C")
    #expect(Self.shown(cache.endLook(found: [EventID("C")])) == ["w: busy"])
    #expect(ask(of: "A", in: 10) == "A@10")
  }

  /// Reads three maps of 100 bytes.
  private mutating func readThree(bytes: Int) {
    cache = Self.makeCache(bytes: bytes, looksPerSecond: 10)
    for event in ["A", "B", "C"] { read(event, in: 10, bytes: 100) }
  }

  /// Negative control.
  @Test mutating func withoutTheBoundAllBytesAreKept() {
    readThree(bytes: 1_000_000)
    #expect(cache.keptByteCount > 250)
    #expect(ask(of: "A", in: 10) == "A@10")
  }

  @Test mutating func bytesAreBounded() {
    readThree(bytes: 250)
    #expect(cache.keptByteCount <= 250)
    // It is not read twice in a second.
    #expect(ask(of: "A", in: 10) == "busy")
    #expect(ask(of: "C", in: 10) == "C@10")
    #expect(ask(of: "A", in: 11) == "waits")
  }

  @Test mutating func anEventWhoseTicketsAreGoneIsForgotten() {
    read("E", in: 10)
    _ = ask(in: 11)
    _ = cache.nextWork(second: 11)
    #expect(Self.shown(cache.endRead(of: EventID("E"), .gone)) == ["w: not found"])
    #expect(cache.eventCount == 0 && cache.keptByteCount == 0)
    #expect(ask(in: 11) == "not found")
  }

  @Test mutating func waitersAreGivenUpAtTheirDeadline() {
    _ = ask(by: "early", in: 10, until: 5)
    _ = ask(by: "late", in: 10, until: 6)
    #expect(cache.takeExpired(now: 5) == ["early"])
    _ = cache.nextWork(second: 10)
    #expect(cache.takeExpired(now: 6) == ["late"])
    // Nobody waits for it any more.
    #expect(cache.endLook(found: [EventID("E")]).isEmpty)
    #expect(Self.shown(cache.nextWork(second: 10)) == "nothing")
  }

  @Test mutating func aStopGivesEverybodyBack() {
    read("E", in: 10)
    _ = ask(by: "a", in: 11)
    _ = ask(of: "F", by: "b", in: 11)
    #expect(cache.stop().sorted() == ["a", "b"])
    #expect(ask(in: 11) == "stopping")
    #expect(Self.shown(cache.nextWork(second: 12)) == "nothing")
  }

  @Test mutating func idsAreComparedByTheirBytes() {
    read("e\u{301}", in: 10)
    #expect(ask(of: "\u{e9}", in: 10) == "waits")
    #expect(Self.shown(cache.nextWork(second: 10)) == "look \u{e9}")
  }
}

extension SeatMapCache.ReadResult {
  fileprivate var isNotFound: Bool { if case .notFound = self { true } else { false } }
}
