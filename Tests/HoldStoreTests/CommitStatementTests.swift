import Holds
import Testing

@testable import HoldStore
@testable import Postgres

/// A batch as arrays of numbers.
@Suite struct CommitStatementTests {
  @Test func ticketsAreNumberedInByteOrder() {
    let statement = CommitStatement([.lock("b", "é", "Z", "a", "😀", "\u{ffee}", "")])
    // Swift's order, and UTF-16's, differ from this one.
    #expect(statement.ticketIDs == ["", "Z", "a", "b", "é", "\u{ffee}", "😀"])
    #expect(statement.members == [4, 5, 2, 3, 7, 6, 1])
  }

  @Test func differentlyComposedAccentsAreDifferentTickets() {
    let composed = "caf\u{e9}"
    let decomposed = "cafe\u{301}"
    #expect(composed == decomposed, "the control: Swift takes them for the same")
    let statement = CommitStatement([.lock(composed), .lock(decomposed), .lock(composed)])
    #expect(
      statement.ticketIDs.map { $0.map { Array($0.utf8) } } == [
        Array(decomposed.utf8), Array(composed.utf8),
      ])
    #expect(statement.members == [2, 1, 2])
  }

  @Test func aPrefixComesBeforeWhatItBegins() {
    #expect(CommitStatement([.lock("a10", "a1", "a")]).ticketIDs == ["a", "a1", "a10"])
  }

  @Test func aTicketThatSeveralNameIsNumberedOnceWithAllTheirWants() {
    let statement = CommitStatement([
      .lock("a", "b"), .release("b", "c"), .lock("c"), .release("d"), .lock("a"),
    ])
    #expect(statement.ticketIDs == ["a", "b", "c", "d"])
    #expect(statement.wants.map { $0 & 7 } == [1, 3, 3, 2], "who names it")
    #expect(statement.wants.map { $0 >> 3 } == [1, 1, 2, 4], "and who does so first")
    #expect(statement.members == [1, 2, 2, 3, 3, 4, 1])
    #expect(statement.ends == [2, 4, 5, 6, 7])
    #expect(statement.kinds == [1, 0, 1, 0, 1])
  }

  @Test func ownersAreNumberedFromOneAndNoneIsZero() {
    let statement = CommitStatement([
      .lock("a", as: "cart-one"), .lock("b"), .release("c", as: "cart-two"),
      .lock("d", as: "cart-one"), .release("e"),
    ])
    #expect(statement.holdKeys == ["cart-one", "cart-two"].map(Digest.sha256))
    #expect(statement.owners == [1, 0, 2, 1, 0])
  }

  /// A server that logs slow statements logs their parameters.
  @Test func noSecretIsAmongTheParameters() throws {
    let best = BestRequest(
      eventID: "event", quantity: 1, reservedSeconds: 60, holdID: HoldID("secret-of-a-cart"))
    let statement = CommitStatement([
      .lock(
        LockRequest(
          ticketIDs: ["ticket"], reservedSeconds: 60, holdID: best.holdID, choice: ChoiceKey(best))),
      .release("ticket", as: "secret-of-a-cart"),
    ])
    var bytes: [UInt8] = []
    for parameter in statement.parameters(
      longestHoldSeconds: 7200, isStrict: false, record: CommitRecord())
    {
      parameter.encode(into: &bytes)
    }
    #expect(bytes.contains(Array("ticket".utf8)), "the control: what is sent as it is")
    #expect(bytes.contains(Digest.sha256(of: "secret-of-a-cart")))
    #expect(!bytes.contains(Array("secret-of-a-cart".utf8)))
  }

  @Test func eachLockHasItsOwnTime() {
    let statement = CommitStatement([
      .lock("a", seconds: 1.5), .release("a"), .lock("b", seconds: 9),
    ])
    #expect(statement.seconds == [1.5, 0, 9])
  }
}
