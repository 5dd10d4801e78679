import Holds
import Testing

@Suite struct ExactTextTests {
  /// Swift's own `String` hashes all of them alike, which makes a set of them quadratic.
  @Test func canonicallyEquivalentTextsDoNotCollide() {
    // Seven accented letters, each in one scalar or in two.
    let texts = (0..<100).map { number in
      (0..<7).map { number >> $0 & 1 == 0 ? "\u{e9}" : "e\u{301}" }.joined()
    }
    #expect(Set(texts).count == 1)
    #expect(Set(texts.map { ExactText($0) }).count == 100)
    #expect(Set(texts.map { ExactText($0).hashValue }).count == 100)
  }
}
