import Holds
import Testing

/// Whose turn it is, with a clock of the test's.
@Suite struct LaneTurnsTests {
  private var turns = LaneTurns<String, Int>()

  @Test mutating func lanesTakeTurnsInTheOrderInWhichTheyGotWork() {
    #expect(turns.wake("a"))
    #expect(turns.wake("b"))
    #expect(!turns.wake("a"), "it is in the row already")
    #expect(turns.next(now: 0)?.key == "a")
    #expect(turns.next(now: 0)?.key == "b")
    #expect(turns.next(now: 0) == nil)
  }

  @Test mutating func aLaneHasOneTurnAtATime() throws {
    _ = turns.wake("a")
    let turn = try #require(turns.next(now: 0))
    #expect(!turns.wake("a"), "what comes meanwhile wakes nobody")
    #expect(turns.next(now: 0) == nil)
    turns.end(turn, next: .whenWoken)
    #expect(turns.next(now: 0)?.key == "a", "what came meanwhile has its turn then")
  }

  @Test mutating func aLaneThatNothingCameForHasNoTurn() throws {
    _ = turns.wake("a")
    turns.end(try #require(turns.next(now: 0)), next: .whenWoken)
    #expect(turns.next(now: 0) == nil)
    #expect(turns.nextTime == nil)
    #expect(turns.forget("a"))
    #expect(turns.count == 0)
  }

  @Test mutating func aLaneThatWantsATurnLaterHasItThen() throws {
    _ = turns.wake("a")
    turns.end(try #require(turns.next(now: 0)), next: .at(5))
    #expect(turns.nextTime == 5)
    #expect(turns.next(now: 4) == nil)
    #expect(turns.next(now: 5)?.key == "a")
  }

  @Test mutating func whoWantsMoreGoesToTheEndOfTheRow() throws {
    _ = turns.wake("a")
    _ = turns.wake("b")
    turns.end(try #require(turns.next(now: 0)), next: .now)
    #expect(turns.next(now: 0)?.key == "b")
    #expect(turns.next(now: 0)?.key == "a")
  }

  @Test mutating func nothingIsAskedFirstAsLongAsAllServersAnswer() throws {
    _ = turns.wake("a")
    #expect(try #require(turns.next(now: 0)).isProbe == false)
  }

  /// Fails a call of lane `a` that began at 10, and leaves its next turn for 20.
  private mutating func doubt() throws {
    _ = turns.wake("a")
    let turn = try #require(turns.next(now: 10))
    turns.unanswered("a", askedAt: 10)
    turns.end(turn, next: .at(20))
  }

  @Test mutating func aDoubtfulLaneIsAskedBeforeItGoesOn() throws {
    try doubt()
    #expect(!turns.wake("a"))
    #expect(turns.next(now: 19) == nil, "what comes does not have it asked sooner")
    let probe = try #require(turns.next(now: 20))
    #expect(probe.isProbe)
    turns.answered("a", askedAt: 20)
    turns.end(probe, next: .now)
    #expect(try #require(turns.next(now: 20)).isProbe == false)
  }

  @Test mutating func othersAreAskedFirstOnceAndOneAtATime() throws {
    try doubt()
    for key in ["b", "c"] { _ = turns.wake(key) }
    let probe = try #require(turns.next(now: 11))
    #expect(probe == .init(key: "b", isProbe: true))
    #expect(turns.next(now: 11) == nil, "the other's server may hang")
    turns.answered("b", askedAt: 11)
    let second = try #require(turns.next(now: 12))
    #expect(second == .init(key: "c", isProbe: true))
    turns.end(probe, next: .now)
    // It has answered since, and goes on while another is being asked.
    #expect(turns.next(now: 12) == .init(key: "b", isProbe: false))
  }

  @Test mutating func whoHasAnsweredSinceIsNotAsked() throws {
    _ = turns.wake("b")
    let turn = try #require(turns.next(now: 12))
    try doubt()
    turns.answered("b", askedAt: 12)
    turns.end(turn, next: .now)
    #expect(turns.next(now: 13) == .init(key: "b", isProbe: false))
  }

  @Test mutating func whoHasAnsweredBeforeIsAsked() throws {
    _ = turns.wake("b")
    let turn = try #require(turns.next(now: 9))
    turns.answered("b", askedAt: 9)
    turns.end(turn, next: .now)
    try doubt()
    #expect(turns.next(now: 13) == .init(key: "b", isProbe: true))
  }

  @Test mutating func anAnswerHasTheOtherDoubtfulOnesAskedAtOnce() throws {
    try doubt()
    _ = turns.wake("b")
    let probe = try #require(turns.next(now: 11))
    turns.unanswered("b", askedAt: 11)
    turns.end(probe, next: .at(100))
    let again = try #require(turns.next(now: 20))
    #expect(again.key == "a")
    turns.answered("a", askedAt: 20)
    #expect(turns.next(now: 20) == .init(key: "b", isProbe: true))
  }

  @Test mutating func theLastDoubtfulLaneIsNotForgotten() throws {
    try doubt()
    #expect(!turns.forget("a"))
    _ = turns.wake("b")
    let probe = try #require(turns.next(now: 11))
    turns.unanswered("b", askedAt: 11)
    turns.end(probe, next: .at(30))
    #expect(turns.forget("a"))
    #expect(!turns.forget("b"))
    turns.answered("b", askedAt: 30)
    #expect(turns.forget("b"))
  }
}
