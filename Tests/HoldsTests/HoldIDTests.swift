import Holds
import Testing

/// The secret cannot reach a log by any way in which Swift turns a value into text.
@Suite struct HoldIDTests {
  private static let secret = "S3CRET-cart-0123456789"
  private static let holdID = HoldID(secret)

  private static let values: [any Sendable] = [
    holdID,
    Optional(holdID) as any Sendable,
    [holdID],
    [1: holdID],
    [holdID: 1],
    LockRequest(ticketIDs: ["a"], reservedSeconds: 1, holdID: holdID),
    ReleaseRequest(ticketIDs: ["a"], holdID: holdID),
    HoldOperation.lock(LockRequest(ticketIDs: ["a"], reservedSeconds: 1, holdID: holdID)),
    HoldOperation.release(ReleaseRequest(ticketIDs: ["a"], holdID: holdID)),
    Result<HoldID, Never>.success(holdID),
  ]

  @Test(arguments: values.indices)
  func noTextShowsTheSecret(index: Int) {
    let value = Self.values[index]
    var dumped = ""
    dump(value, to: &dumped)
    for text in [
      "\(value)", String(describing: value), String(reflecting: value), dumped,
    ] {
      #expect(!text.contains("S3CRET"))
      #expect(text.contains("redacted"), "the control: the value is in the text")
    }
  }

  @Test func noReflectionReachesTheSecret() {
    #expect(Mirror(reflecting: Self.holdID).children.isEmpty)
    #expect(Mirror(reflecting: Self.holdID).descendant("secret") == nil)
  }

  @Test func itIsStillTheSecretThatCounts() {
    #expect(Self.holdID.secret == Self.secret)
    #expect(Self.holdID == HoldID(Self.secret))
    #expect(Self.holdID != HoldID(Self.secret + "0"))
  }
}
