import Testing

/// The checker itself, on small histories: it needs no site.
@Suite("The checker of histories")
struct HistoryCheckerTests {
  private func grant(_ start: Double, until expiry: Double, released: Double? = nil) -> Attempt {
    Attempt(
      tickets: ["a"], start: start, finish: start + 1, outcome: .granted(expiry: expiry...expiry),
      releaseStart: released, releaseFinish: released.map { $0 + 1 })
  }

  private func refusal(_ start: Double, _ tickets: [String], because held: [String]) -> Attempt {
    Attempt(tickets: tickets, start: start, finish: start + 1, outcome: .refused(held))
  }

  @Test func soundHistoriesPass() {
    #expect(HistoryChecker([grant(0, until: 10), grant(10, until: 20)]).violations.isEmpty)
    #expect(
      HistoryChecker([grant(0, until: 10, released: 5), grant(5.5, until: 20)]).violations.isEmpty)
    #expect(
      HistoryChecker([grant(0, until: 10), refusal(5, ["b", "a"], because: ["a"])])
        .violations.isEmpty)
    #expect(
      HistoryChecker([grant(0, until: 10), refusal(0.5, ["a"], because: ["a"])])
        .violations.isEmpty)
  }

  /// A release that is late for its own hold ends one without an owner, before that one's answer.
  @Test func anAnonymousHoldMayBeGoneBeforeItsAnswer() {
    let late = grant(0, until: 2, released: 9.5)
    var owned = grant(9.1, until: 20)
    owned.holdID = "somebody's"
    #expect(HistoryChecker([late, grant(9.2, until: 20), owned]).violations.isEmpty)
    // Without that release, it is a double grant.
    #expect(HistoryChecker([grant(9.2, until: 20), owned]).doubleGrants.count == 1)
  }

  @Test func wrongHistoriesDoNotPass() {
    #expect(HistoryChecker([grant(0, until: 10), grant(8, until: 20)]).doubleGrants.count == 1)
    #expect(HistoryChecker([grant(0, until: 10), grant(0, until: 20)]).doubleGrants.count == 1)
    // After the end of the hold, and after its release was answered.
    #expect(
      HistoryChecker([grant(0, until: 10), refusal(11, ["a"], because: ["a"])])
        .wrongAnswers.count == 1)
    #expect(
      HistoryChecker([grant(0, until: 10, released: 5), refusal(7, ["a"], because: ["a"])])
        .wrongAnswers.count == 1)
    // Not all, none, and in another order.
    #expect(
      HistoryChecker([
        grant(0, until: 10), refusal(5, ["b", "a"], because: ["b"]),
        Attempt(tickets: ["b"], start: 4, finish: 5, outcome: .unknown),
      ]).wrongAnswers.count == 1)
    #expect(HistoryChecker([refusal(5, ["b"], because: [])]).wrongAnswers.count == 1)
    let both = Attempt(tickets: ["a", "b"], start: 0, finish: 1, outcome: .granted(expiry: 9...9))
    #expect(
      HistoryChecker([both, refusal(5, ["a", "b"], because: ["b", "a"])]).wrongAnswers.count == 1)
  }
}
