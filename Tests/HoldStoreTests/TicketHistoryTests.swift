import Testing

@testable import HoldStore

/// How rows of the history become what happened: expiries and beginnings are put in.
@Suite struct TicketHistoryTests {
  private typealias Event = TicketHistory.Event

  private func words(_ rows: [Event], asOf: Int64) -> [String] {
    TicketHistory.completed(rows, asOf: asOf).map { event in
      "\(event.at) \(event.kind)" + (event.since.map { " since \($0)" } ?? "")
    }
  }

  @Test func aHoldThatNobodyEndedExpires() {
    let rows = [Event(at: 10, kind: .held, until: 20), Event(at: 30, kind: .held, until: 40)]
    #expect(
      words(rows, asOf: 35) == ["10 held since 10", "20 expired since 10", "30 held since 30"])
    #expect(words(rows, asOf: 40).last == "40 expired since 30")
  }

  @Test func aRenewalMovesTheEnd() {
    let rows = [
      Event(at: 10, kind: .held, until: 20), Event(at: 15, kind: .renewed, until: 50),
      Event(at: 30, kind: .released),
    ]
    #expect(
      words(rows, asOf: 99) == ["10 held since 10", "15 renewed since 10", "30 released since 10"])
  }

  @Test func aSaleEndsAHoldAndNeedsNone() {
    let rows = [
      Event(at: 10, kind: .held, until: 20), Event(at: 12, kind: .sold), Event(at: 30, kind: .sold),
    ]
    #expect(words(rows, asOf: 99) == ["10 held since 10", "12 sold since 10", "30 sold"])
  }

  @Test func aHoldWithoutAnEndStays() {
    #expect(words([Event(at: 10, kind: .held)], asOf: 99) == ["10 held since 10"])
  }
}
