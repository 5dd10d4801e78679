import Holds
import Testing

@Suite struct ContendedTicketsTests {
  private func wait(_ ticketIDs: [String], at now: Int, in contended: inout ContendedTickets<Int>) {
    contended.insert(
      ticketIDs, now: now, pausedUntil: now + 10, refusedUntil: now + 50, rememberedUntil: now + 100
    )
  }

  @Test func afterAFirstWaitInVainRequestsPause() {
    var contended = ContendedTickets<Int>(limit: 10)
    wait(["a", "b"], at: 0, in: &contended)
    #expect(contended.advice(for: ["x", "b"], now: 9) == .pause(until: 10))
    #expect(contended.advice(for: ["x"], now: 9) == .goAhead)
    #expect(contended.advice(for: ["a", "b"], now: 10) == .goAhead)
  }

  @Test func afterASecondOneTheyAreRefused() {
    var contended = ContendedTickets<Int>(limit: 10)
    wait(["a", "b"], at: 0, in: &contended)
    wait(["a"], at: 20, in: &contended)
    #expect(contended.advice(for: ["a"], now: 69) == .refuse(until: 70))
    #expect(contended.advice(for: ["a"], now: 70) == .goAhead)
    #expect(contended.advice(for: ["b"], now: 20) == .goAhead)
    wait(["a"], at: 75, in: &contended)
    #expect(contended.advice(for: ["b", "a"], now: 75) == .refuse(until: 125))
  }

  @Test func whatWasLongAgoIsForgotten() {
    var contended = ContendedTickets<Int>(limit: 10)
    wait(["a"], at: 0, in: &contended)
    wait(["a"], at: 100, in: &contended)
    #expect(contended.advice(for: ["a"], now: 100) == .pause(until: 110))
  }

  @Test func itRemembersNoMoreThanItsLimitAndMakesRoom() {
    var contended = ContendedTickets<Int>(limit: 2)
    wait(["a", "b", "c"], at: 0, in: &contended)
    #expect(contended.advice(for: ["c"], now: 0) == .goAhead)
    wait(["c"], at: 100, in: &contended)
    #expect(contended.advice(for: ["c"], now: 100) == .pause(until: 110))
  }
}
