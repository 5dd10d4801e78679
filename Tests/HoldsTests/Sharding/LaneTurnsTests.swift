import Holds
import Testing

/// Whose turn it is, with a clock of the test's.
@Suite struct LaneTurnsTests {
  private let turns = Turns()

  @Test func lanesTakeTurnsInTheOrderInWhichTheyGotWork() {
    #expect(turns.wake("a"))
    #expect(turns.wake("b"))
    #expect(!turns.wake("a"), "it is in the row already")
    #expect(turns.next(now: 0)?.key == "a")
    #expect(turns.next(now: 0)?.key == "b")
    #expect(turns.next(now: 0) == nil)
  }

  @Test func aLaneHasOneTurnAtATime() throws {
    _ = turns.wake("a")
    let turn = try #require(turns.next(now: 0))
    #expect(!turns.wake("a"), "what comes meanwhile wakes nobody")
    #expect(turns.next(now: 0) == nil)
    turns.end(turn, next: .whenWoken)
    #expect(turns.next(now: 0)?.key == "a", "what came meanwhile has its turn then")
  }

  @Test func aLaneThatNothingCameForHasNoTurn() throws {
    _ = turns.wake("a")
    turns.end(try #require(turns.next(now: 0)), next: .whenWoken)
    #expect(turns.next(now: 0) == nil)
    #expect(turns.nextTime == nil)
    #expect(turns.forget("a"))
    #expect(turns.count == 0)
  }

  @Test func aLaneThatWantsATurnLaterHasItThen() throws {
    _ = turns.wake("a")
    turns.end(try #require(turns.next(now: 0)), next: .at(5))
    #expect(turns.nextTime == 5)
    #expect(turns.next(now: 4) == nil)
    #expect(turns.next(now: 5)?.key == "a")
  }

  @Test func whoWantsMoreGoesToTheEndOfTheRow() throws {
    _ = turns.wake("a")
    _ = turns.wake("b")
    turns.end(try #require(turns.next(now: 0)), next: .now)
    #expect(turns.next(now: 0)?.key == "b")
    #expect(turns.next(now: 0)?.key == "a")
  }

  @Test func nothingIsAskedFirstAsLongAsAllServersAnswer() throws {
    _ = turns.wake("a")
    #expect(try #require(turns.next(now: 0)).isProbe == false)
  }

  /// Fails a call of lane `a` that began at 10, and leaves its next turn for 20.
  private func doubt() throws {
    _ = turns.wake("a")
    let turn = try #require(turns.next(now: 10))
    turns.unanswered("a", askedAt: 10)
    turns.end(turn, next: .at(20))
  }

  @Test func aDoubtfulLaneIsAskedBeforeItGoesOn() throws {
    try doubt()
    #expect(!turns.wake("a"))
    #expect(turns.next(now: 19) == nil, "what comes does not have it asked sooner")
    let probe = try #require(turns.next(now: 20))
    #expect(probe.isProbe)
    turns.answered("a", askedAt: 20)
    turns.end(probe, next: .now)
    #expect(try #require(turns.next(now: 20)).isProbe == false)
  }

  @Test func othersAreAskedFirstOnceAndOneAtATime() throws {
    try doubt()
    for key in ["b", "c"] { _ = turns.wake(key) }
    let probe = try #require(turns.next(now: 11))
    #expect(probe == Turns.Turn(key: "b", isProbe: true))
    #expect(turns.next(now: 11) == nil, "the other's server may hang")
    turns.answered("b", askedAt: 11)
    let second = try #require(turns.next(now: 12))
    #expect(second == Turns.Turn(key: "c", isProbe: true))
    turns.end(probe, next: .now)
    // It has answered since, and goes on while another is being asked.
    #expect(turns.next(now: 12) == Turns.Turn(key: "b", isProbe: false))
  }

  @Test func whoHasAnsweredSinceIsNotAsked() throws {
    _ = turns.wake("b")
    let turn = try #require(turns.next(now: 12))
    try doubt()
    turns.answered("b", askedAt: 12)
    turns.end(turn, next: .now)
    #expect(turns.next(now: 13) == Turns.Turn(key: "b", isProbe: false))
  }

  @Test func whoHasAnsweredBeforeIsAsked() throws {
    _ = turns.wake("b")
    let turn = try #require(turns.next(now: 9))
    turns.answered("b", askedAt: 9)
    try doubt()
    turns.end(turn, next: .now)
    #expect(turns.next(now: 13) == Turns.Turn(key: "b", isProbe: true))
  }

  @Test func anAnswerHasTheOtherDoubtfulOnesAskedAtOnce() throws {
    try doubt()
    _ = turns.wake("b")
    let probe = try #require(turns.next(now: 11))
    turns.unanswered("b", askedAt: 11)
    turns.end(probe, next: .at(100))
    let again = try #require(turns.next(now: 20))
    #expect(again.key == "a")
    turns.answered("a", askedAt: 20)
    #expect(turns.next(now: 20) == Turns.Turn(key: "b", isProbe: true, failureCount: 1))
  }

  /// Has a lane's server asked, which answers or does not.
  private func ask(_ key: String, at time: Int, isAnswered: Bool) throws {
    _ = turns.wake(key)
    let turn = try #require(turns.next(now: time))
    #expect(turn.key == key)
    if isAnswered {
      turns.answered(key, askedAt: time)
    } else {
      turns.unanswered(key, askedAt: time)
    }
    turns.end(turn, next: isAnswered ? .whenWoken : .at(100))
  }

  @Test func oneThatHasAnsweredIsNotAskedForEachThatTurnsDoubtful() throws {
    try doubt()
    try ask("b", at: 11, isAnswered: true)
    try ask("c", at: 12, isAnswered: false)
    _ = turns.wake("b")
    #expect(turns.next(now: 13) == Turns.Turn(key: "b", isProbe: false))
  }

  @Test func anAnswerIsRememberedOfALaneThatIsForgotten() throws {
    try doubt()
    try ask("b", at: 11, isAnswered: true)
    #expect(turns.forget("b"))
    _ = turns.wake("b")
    #expect(turns.next(now: 12) == Turns.Turn(key: "b", isProbe: false))
  }

  @Test func allAreAskedAgainWhenOneFailsThatHadAnswered() throws {
    try doubt()
    try ask("b", at: 11, isAnswered: true)
    try ask("c", at: 12, isAnswered: true)
    try ask("b", at: 13, isAnswered: false)
    _ = turns.wake("c")
    #expect(turns.next(now: 14) == Turns.Turn(key: "c", isProbe: true))
  }

  @Test func whoHasNotFailedIsAskedBeforeTheDoubtful() throws {
    try doubt()
    _ = turns.wake("b")
    let probe = try #require(turns.next(now: 20))
    #expect(probe.key == "b")
    turns.answered("b", askedAt: 20)
    #expect(turns.next(now: 20)?.key == "a")
  }

  @Test func aFewServersAreAskedAtATimeButOneDoubtfulOne() throws {
    let turns = Turns(probeLimit: 2)
    for key in ["a", "b"] { _ = turns.wake(key) }
    let failed = [turns.next(now: 0), turns.next(now: 0)].compactMap(\.self)
    for turn in failed {
      turns.unanswered(turn.key, askedAt: 0)
      turns.end(turn, next: .at(1))
    }
    #expect(failed.count == 2)
    #expect(turns.next(now: 1)?.failureCount == 1)
    #expect(turns.next(now: 1) == nil, "two doubtful ones are not asked at a time")
    for key in ["c", "d"] { _ = turns.wake(key) }
    #expect(turns.next(now: 1) == Turns.Turn(key: "c", isProbe: true))
    #expect(turns.next(now: 1) == nil)
    turns.answered("c", askedAt: 1)
    #expect(turns.next(now: 1) == Turns.Turn(key: "d", isProbe: true))
  }

  @Test func theLastDoubtfulLaneIsNotForgotten() throws {
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

/// The turns by reference, so that expectations may change them.
private final class Turns {
  typealias Turn = LaneTurns<String, Int>.Turn

  private var turns: LaneTurns<String, Int>

  init(probeLimit: Int = 1) { turns = LaneTurns(probeLimit: probeLimit) }

  var count: Int { turns.count }
  var nextTime: Int? { turns.nextTime }

  func wake(_ key: String) -> Bool { turns.wake(key) }
  func next(now: Int) -> Turn? { turns.next(now: now) }
  func answered(_ key: String, askedAt time: Int) { turns.answered(key, askedAt: time) }
  func unanswered(_ key: String, askedAt time: Int) { turns.unanswered(key, askedAt: time) }
  func end(_ turn: Turn, next: LaneTurns<String, Int>.Next) { turns.end(turn, next: next) }
  func forget(_ key: String) -> Bool { turns.forget(key) }
}
