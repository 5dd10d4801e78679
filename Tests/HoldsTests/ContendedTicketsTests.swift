import Holds
import Testing

@Suite struct ContendedTicketsTests {
  @Test func aTicketIsRememberedUntilItsTime() {
    var contended = ContendedTickets<Int>(limit: 10)
    contended.insert(["a", "b"], until: 100, now: 0)
    #expect(contended.contains(anyOf: ["x", "b"], now: 99))
    #expect(!contended.contains(anyOf: ["x"], now: 99))
    #expect(!contended.contains(anyOf: ["a", "b"], now: 100))
  }

  @Test func itRemembersNoMoreThanItsLimitAndMakesRoom() {
    var contended = ContendedTickets<Int>(limit: 2)
    contended.insert(["a", "b", "c"], until: 100, now: 0)
    #expect(!contended.contains(anyOf: ["c"], now: 0))
    contended.insert(["c"], until: 200, now: 100)
    #expect(contended.contains(anyOf: ["c"], now: 100))
  }
}
