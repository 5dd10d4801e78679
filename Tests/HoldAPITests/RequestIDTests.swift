import HoldAPI
import Testing

@Suite struct RequestIDTests {
  @Test(arguments: ["a", "A.b_c-9", String(repeating: "x", count: 64)])
  func anIDIsKept(id: String) {
    #expect(RequestID.usable(id) == id)
  }

  @Test(arguments: [nil, "", "a b", "é", "a\n", "<a>", String(repeating: "x", count: 65)])
  func anythingElseIsReplacedByARandomOne(candidate: String?) {
    let made = RequestID.usable(candidate)
    #expect(made.wholeMatch(of: #/[0-9a-f]{32}/#) != nil)
    #expect(made != RequestID.usable(candidate))
  }
}
