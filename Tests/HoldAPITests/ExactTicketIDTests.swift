import Testing

@testable import HoldAPI

@Suite struct ExactTicketIDTests {
  /// Swift's own `String` hashes all of them alike, which makes a set of them quadratic.
  @Test func canonicallyEquivalentIDsDoNotCollide() {
    // Seven accented letters, each in one scalar or in two.
    let ids = (0..<100).map { number in
      (0..<7).map { number >> $0 & 1 == 0 ? "\u{e9}" : "e\u{301}" }.joined()
    }
    #expect(Set(ids).count == 1)
    #expect(Set(ids.map { ExactTicketID(text: $0) }).count == 100)
    #expect(Set(ids.map { ExactTicketID(text: $0).hashValue }).count == 100)
  }
}
