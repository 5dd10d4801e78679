import Holds
import Testing

/// The rules by which seat maps are read and kept; its seconds are the tests' own.
@Suite struct SeatMapCacheTests {
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

  private func ask(
    _ cache: inout Cache, _ part: SeatMapPart = .availability, of event: String = "E",
    by waiter: String = "w", in second: Int, until deadline: Int = 100
  ) -> String {
    Self.shown(
      cache.ask(part, of: EventID(event), waiter: waiter, second: second, deadline: deadline))
  }

  /// Makes an event known, and reads it in that second.
  private func read(_ cache: inout Cache, _ event: String, in second: Int, bytes: Int = 10) {
    _ = ask(&cache, of: event, in: second)
    while let work = cache.nextWork(second: second) {
      switch work {
      case .look(let eventIDs): _ = cache.endLook(found: Set(eventIDs))
      case .read(let eventID, _):
        _ = cache.endRead(of: eventID, .snapshot(Self.snapshot(eventID.text, bytes: bytes)))
      }
    }
  }

  @Test func whoAsksInOneSecondShareOneRead() {
    var cache = Self.makeCache()
    #expect(ask(&cache, by: "first", in: 10) == "waits")
    #expect(ask(&cache, by: "second", in: 10) == "waits")
    #expect(Self.shown(cache.nextWork(second: 10)) == "look E")
    #expect(Self.shown(cache.nextWork(second: 10)) == "nothing")
    #expect(ask(&cache, by: "third", in: 10) == "waits")
    #expect(cache.endLook(found: [EventID("E")]).isEmpty)
    #expect(Self.shown(cache.nextWork(second: 10)) == "read E")
    #expect(ask(&cache, by: "fourth", in: 10) == "waits")
    #expect(Self.shown(cache.nextWork(second: 10)) == "nothing")
    let answers = cache.endRead(of: EventID("E"), .snapshot(Self.snapshot("a")))
    #expect(
      Self.shown(answers) == ["first: a@10", "fourth: a@10", "second: a@10", "third: a@10"])
    #expect(ask(&cache, in: 10) == "a@10")
    #expect(Self.shown(cache.nextWork(second: 10)) == "nothing")
  }

  /// Also when the clock has been set back.
  @Test func itIsReadOnceASecondAndOnlyWhenSomebodyAsks() {
    var cache = Self.makeCache()
    read(&cache, "E", in: 10)
    var reads: [String] = []
    for second in [11, 11, 12, 15, 15, 3, 3] {
      _ = ask(&cache, in: second)
      if let work = cache.nextWork(second: second) {
        reads.append("\(second) \(Self.shown(work))")
        _ = cache.endRead(of: EventID("E"), .snapshot(Self.snapshot("\(second)")))
      }
      #expect(ask(&cache, in: second) == "\(second)@\(second)")
    }
    #expect(reads == ["11 read E", "12 read E", "15 read E", "3 read E"])
  }

  /// What was read in a second that is over is given to those who waited, and to nobody else.
  @Test func aReadThatEndsInTheNextSecondIsGivenOutOnce() {
    var cache = Self.makeCache()
    read(&cache, "E", in: 10)
    #expect(ask(&cache, by: "early", in: 11) == "waits")
    #expect(Self.shown(cache.nextWork(second: 11)) == "read E")
    #expect(ask(&cache, by: "late", in: 12) == "waits")
    #expect(Self.shown(cache.nextWork(second: 12)) == "nothing")
    #expect(
      Self.shown(cache.endRead(of: EventID("E"), .snapshot(Self.snapshot("b"))))
        == ["early: b@11", "late: b@11"])
    #expect(ask(&cache, in: 12) == "waits")
    #expect(Self.shown(cache.nextWork(second: 12)) == "read E")
  }

  @Test func aFailureIsEverybodysForTheSecond() {
    var cache = Self.makeCache()
    read(&cache, "E", in: 10)
    #expect(ask(&cache, in: 11) == "waits")
    _ = cache.nextWork(second: 11)
    #expect(
      Self.shown(cache.endRead(of: EventID("E"), .failed(.databaseUnreachable)))
        == ["w: databaseUnreachable"])
    #expect(ask(&cache, in: 11) == "databaseUnreachable")
    #expect(Self.shown(cache.nextWork(second: 11)) == "nothing")
    #expect(ask(&cache, in: 12) == "waits")
    #expect(Self.shown(cache.nextWork(second: 12)) == "read E")
  }

  @Test func theLayoutIsReadWhenItIsAskedForAndNotKnown() {
    var cache = Self.makeCache()
    read(&cache, "E", in: 10)
    #expect(ask(&cache, .layout, in: 11) == "waits")
    #expect(Self.shown(cache.nextWork(second: 11)) == "read E whole")
    #expect(
      Self.shown(cache.endRead(of: EventID("E"), .snapshot(Self.snapshot("a", layout: true))))
        == ["w: L@11"])
    // As long as the availability names the same one, it is current.
    #expect(ask(&cache, .layout, in: 12) == "waits")
    #expect(Self.shown(cache.nextWork(second: 12)) == "read E")
    #expect(
      Self.shown(cache.endRead(of: EventID("E"), .snapshot(Self.snapshot("b")))) == ["w: L@12"])
  }

  /// Even then it is one read a second.
  @Test func whoAsksForALayoutThatHasChangedWaitsForTheNextSecond() {
    var cache = Self.makeCache()
    _ = ask(&cache, .layout, in: 10)
    _ = cache.nextWork(second: 10)
    _ = cache.endLook(found: [EventID("E")])
    _ = cache.nextWork(second: 10)
    _ = cache.endRead(of: EventID("E"), .snapshot(Self.snapshot("a", layout: true)))
    #expect(ask(&cache, .layout, by: "map", in: 11) == "waits")
    #expect(ask(&cache, by: "states", in: 11) == "waits")
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

  @Test func unknownEventsAreLookedForTogetherAndSoOftenOnly() {
    var cache = Self.makeCache()
    for number in 0..<5 { #expect(ask(&cache, of: "\(number)", in: 10) == "waits") }
    // No more of them wait than the limit says.
    #expect(ask(&cache, of: "5", in: 10) == "busy")
    #expect(ask(&cache, of: "4", in: 10) == "waits")
    guard case .look(let first) = cache.nextWork(second: 10) else {
      Issue.record("they are not looked for")
      return
    }
    #expect(first.count == 3)
    #expect(cache.endLook(found: []).count { $0.outcome.isNotFound } >= 3)
    #expect(ask(&cache, of: first[0].text, in: 10) == "not found")
    _ = cache.nextWork(second: 10)
    _ = cache.endLook(found: [])
    #expect(ask(&cache, of: "6", in: 10) == "waits")
    #expect(Self.shown(cache.nextWork(second: 10)) == "nothing")
    #expect(cache.hasWork)
    #expect(Self.shown(cache.nextWork(second: 11)) == "look 6")
    // In a new second it may exist.
    _ = cache.endLook(found: [])
    #expect(ask(&cache, of: first[0].text, in: 11) == "waits")
  }

  /// Asks for so many events that do not exist, and tells how many statements look for them.
  private func flood(_ cache: inout Cache, events: Int) -> Int {
    var lookCount = 0
    for number in 0..<events {
      _ = ask(&cache, of: "x\(number)", in: 10)
      if case .look = cache.nextWork(second: 10) {
        lookCount += 1
        _ = cache.endLook(found: [])
      }
    }
    return lookCount
  }

  @Test func aFloodOfUnknownEventsIsBounded() {
    var cache = Self.makeCache()
    read(&cache, "E", in: 10)
    #expect(flood(&cache, events: 10_000) <= 2)
    #expect(cache.unknownCount <= 5 && cache.eventCount == 1)
    #expect(ask(&cache, in: 10) == "E@10")
  }

  /// The negative control.
  @Test func withoutTheBoundEachUnknownEventWouldReachTheDatabase() {
    var cache = Self.makeCache(unknownEvents: .max, looksPerSecond: .max)
    #expect(flood(&cache, events: 10_000) == 10_000)
    #expect(cache.unknownCount == 10_000)
  }

  /// A cache that has been asked for C, and before for A, and before for B.
  private func askForThree(events: Int) -> Cache {
    var cache = Self.makeCache(events: events)
    read(&cache, "A", in: 10)
    read(&cache, "B", in: 11)
    _ = ask(&cache, of: "A", in: 12)
    read(&cache, "A", in: 12)
    read(&cache, "C", in: 13)
    return cache
  }

  /// Negative control.
  @Test func withoutTheBoundNoEventGivesWay() {
    var cache = askForThree(events: 3)
    #expect(cache.eventCount == 3)
    _ = ask(&cache, of: "B", in: 13)
    #expect(Self.shown(cache.nextWork(second: 13)) == "read B")
  }

  @Test func theEventAskedForLongestAgoGivesWay() {
    var cache = askForThree(events: 2)
    #expect(cache.eventCount == 2)
    // B was read two seconds ago.
    #expect(ask(&cache, of: "B", in: 13) == "waits")
    #expect(Self.shown(cache.nextWork(second: 13)) == "look B")
  }

  /// Otherwise an event that has given way would be read again in the same second.
  @Test func whatWasReadInThisSecondDoesNotGiveWay() {
    var cache = Self.makeCache(events: 2, looksPerSecond: 10)
    read(&cache, "A", in: 10)
    read(&cache, "B", in: 10)
    #expect(ask(&cache, of: "C", in: 10) == "waits")
    #expect(Self.shown(cache.nextWork(second: 10)) == "look C")
    #expect(Self.shown(cache.endLook(found: [EventID("C")])) == ["w: busy"])
    #expect(ask(&cache, of: "A", in: 10) == "A@10")
  }

  /// A cache that has read three maps of 100 bytes.
  private func readThree(bytes: Int) -> Cache {
    var cache = Self.makeCache(bytes: bytes, looksPerSecond: 10)
    for event in ["A", "B", "C"] { read(&cache, event, in: 10, bytes: 100) }
    return cache
  }

  /// Negative control.
  @Test func withoutTheBoundAllBytesAreKept() {
    var cache = readThree(bytes: 1_000_000)
    #expect(cache.keptByteCount > 250)
    #expect(ask(&cache, of: "A", in: 10) == "A@10")
  }

  @Test func bytesAreBounded() {
    var cache = readThree(bytes: 250)
    #expect(cache.keptByteCount <= 250)
    // It is not read twice in a second.
    #expect(ask(&cache, of: "A", in: 10) == "busy")
    #expect(ask(&cache, of: "C", in: 10) == "C@10")
    #expect(ask(&cache, of: "A", in: 11) == "waits")
  }

  @Test func anEventWhoseTicketsAreGoneIsForgotten() {
    var cache = Self.makeCache()
    read(&cache, "E", in: 10)
    _ = ask(&cache, in: 11)
    _ = cache.nextWork(second: 11)
    #expect(Self.shown(cache.endRead(of: EventID("E"), .gone)) == ["w: not found"])
    #expect(cache.eventCount == 0 && cache.keptByteCount == 0)
    #expect(ask(&cache, in: 11) == "not found")
  }

  @Test func waitersAreGivenUpAtTheirDeadline() {
    var cache = Self.makeCache()
    _ = ask(&cache, by: "early", in: 10, until: 5)
    _ = ask(&cache, by: "late", in: 10, until: 6)
    #expect(cache.takeExpired(now: 5) == ["early"])
    _ = cache.nextWork(second: 10)
    #expect(cache.takeExpired(now: 6) == ["late"])
    // Nobody waits for it any more.
    #expect(cache.endLook(found: [EventID("E")]).isEmpty)
    #expect(Self.shown(cache.nextWork(second: 10)) == "nothing")
  }

  @Test func aStopGivesEverybodyBack() {
    var cache = Self.makeCache()
    read(&cache, "E", in: 10)
    _ = ask(&cache, by: "a", in: 11)
    _ = ask(&cache, of: "F", by: "b", in: 11)
    #expect(cache.stop().sorted() == ["a", "b"])
    #expect(ask(&cache, in: 11) == "stopping")
    #expect(Self.shown(cache.nextWork(second: 12)) == "nothing")
  }

  @Test func idsAreComparedByTheirBytes() {
    var cache = Self.makeCache()
    read(&cache, "e\u{301}", in: 10)
    #expect(ask(&cache, of: "\u{e9}", in: 10) == "waits")
    #expect(Self.shown(cache.nextWork(second: 10)) == "look \u{e9}")
  }
}

extension SeatMapCache.ReadResult {
  fileprivate var isNotFound: Bool { if case .notFound = self { true } else { false } }
}
