import Holds
import Testing

@Suite struct ShardKeyTests {
  @Test(arguments: [
    ("before-last:-", "E1-A-1", "E1-A"), ("before-first:-", "E1-A-1", "E1"),
    ("before-last:-", "E1", "E1"), ("before-last:-", "-1", ""), ("before-last:-", "E1-", "E1"),
    ("before-first::", "a:b:c", "a"), ("before-last:-", "é-–-1", "é-–"),
  ])
  func theKeyIsWhatIsBeforeTheSeparator(setting: String, ticketID: String, key: String) throws {
    #expect(try #require(ShardKey(setting)).key(of: ticketID) == key)
  }

  @Test(arguments: [
    "", "off", "before-last", "before-last:", "before-last:--", "before-last:–", "after:-",
    "before-last: ", "before-last:\n",
  ])
  func anythingElseIsNoSetting(text: String) { #expect(ShardKey(text) == nil) }

  @Test func ticketsOfOneKeyHaveIt() throws {
    let key = try #require(ShardKey("before-last:-"))
    #expect(key.key(of: ["E1-a", "E1-b"]) == .same(ExactText("E1")))
    #expect(key.key(of: ["E1-a", "E1-b", "E2-a", "E3-a"]) == .different("E1", "E2"))
    #expect(key.key(of: []) == nil)
  }

  /// Swift takes differently composed accents for the same, and the database does not.
  @Test func keysAreComparedByTheirBytes() throws {
    let key = try #require(ShardKey("before-last:-"))
    #expect("caf\u{e9}" == "cafe\u{301}", "the control")
    guard case .different = key.key(of: ["caf\u{e9}-1", "cafe\u{301}-1"]) else {
      return #expect(Bool(false), "the keys are different")
    }
  }

  @Test func theKeyOfAChoiceIsItsEvent() throws {
    let key = try #require(ShardKey("before-last:-"))
    let best = BestRequest(eventID: "E1-x", quantity: 1, reservedSeconds: 1)
    #expect(key.key(of: .lockBest(best)) == ExactText("E1-x"))
    #expect(
      key.key(of: .release(ReleaseRequest(ticketIDs: ["E1-x", "E1-y"]))) == ExactText("E1"))
  }
}
