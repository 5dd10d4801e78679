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

  @Test func onceNoWaitHasBeenOfUseForAWhileTheyAreRefused() {
    var contended = ContendedTickets<Int>(limit: 10)
    wait(["a", "b"], at: 0, in: &contended)
    for now in [15, 30, 49] {
      wait(["a"], at: now, in: &contended)
      #expect(contended.advice(for: ["a"], now: now) == .pause(until: now + 10))
    }
    wait(["a"], at: 60, in: &contended)
    #expect(contended.advice(for: ["a"], now: 109) == .refuse(until: 110))
    #expect(contended.advice(for: ["a"], now: 110) == .goAhead)
    #expect(contended.advice(for: ["b"], now: 60) == .goAhead)
    // It has not been had since: one more wait is enough.
    wait(["a"], at: 115, in: &contended)
    #expect(contended.advice(for: ["b", "a"], now: 115) == .refuse(until: 165))
  }

  @Test func whoGetsATicketShowsThatItIsFree() {
    var contended = ContendedTickets<Int>(limit: 10)
    wait(["a", "b"], at: 0, in: &contended)
    contended.remove(["a", "x"])
    #expect(!contended.isEmpty)
    wait(["a", "b"], at: 60, in: &contended)
    #expect(contended.advice(for: ["a"], now: 60) == .pause(until: 70))
    #expect(contended.advice(for: ["b"], now: 60) == .refuse(until: 110))
    contended.remove(["a", "b"])
    #expect(contended.isEmpty)
    #expect(contended.advice(for: ["b"], now: 60) == .goAhead)
  }

  @Test func whatWasLongAgoIsForgotten() {
    var contended = ContendedTickets<Int>(limit: 10)
    wait(["a"], at: 0, in: &contended)
    wait(["a"], at: 100, in: &contended)
    #expect(contended.advice(for: ["a"], now: 100) == .pause(until: 110))
  }

  @Test func ticketsAreToldApartByTheirBytes() {
    var contended = ContendedTickets<Int>(limit: 10)
    let (composed, decomposed) = ("caf\u{e9}", "cafe\u{301}")
    wait([composed], at: 0, in: &contended)
    #expect(contended.advice(for: [decomposed], now: 0) == .goAhead)
    #expect(contended.advice(for: [composed], now: 0) == .pause(until: 10))
    contended.remove([decomposed])
    #expect(contended.advice(for: [composed], now: 0) == .pause(until: 10))
  }

  @Test func whatItRemembersComesFirst() {
    var contended = ContendedTickets<Int>(limit: 10)
    wait(["b", "d"], at: 0, in: &contended)
    #expect(contended.rememberedFirst(["a", "d", "c", "b"]) == ["d", "b", "a", "c"])
  }

  @Test func itKnowsWhetherTheyWereContendedTogether() {
    var contended = ContendedTickets<Int>(limit: 10)
    #expect(!contended.wereInsertedTogether(["a", "b"]))
    wait(["a", "b", "c"], at: 0, in: &contended)
    #expect(contended.wereInsertedTogether(["c", "a"]))
    #expect(!contended.wereInsertedTogether(["c", "d"]))
    wait(["b"], at: 1, in: &contended)
    #expect(!contended.wereInsertedTogether(["a", "b"]))
  }

  @Test func itRemembersNoMoreThanItsLimitAndMakesRoom() {
    var contended = ContendedTickets<Int>(limit: 2)
    wait(["a", "b", "c"], at: 0, in: &contended)
    #expect(contended.advice(for: ["c"], now: 0) == .goAhead)
    wait(["c"], at: 100, in: &contended)
    #expect(contended.advice(for: ["c"], now: 100) == .pause(until: 110))
  }
}
