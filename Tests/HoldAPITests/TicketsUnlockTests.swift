import HoldAPI
import Holds
import Testing

@Suite struct TicketsUnlockTests {
  static let released = #"{"message":"Tickets unblocked","status":200,"data":{"valido":true}}"#

  @Test(arguments: ["tickets", "ticketd_reserved"])
  func bothSpellingsRelease(member: String) throws {
    try Client().expect(
      "/tickets_unlock_param", #"{"data":{"\#(member)":["b","a","b"],"other":1}}"#,
      200, Self.released, [.release(ReleaseRequest(ticketIDs: ["b", "a"]))])
  }

  @Test func nullCountsAsNotSent() throws {
    try Client().expect(
      "/tickets_unlock_param",
      #"{"data":{"tickets":null,"ticketd_reserved":["a"],"hold_id":null}}"#,
      200, Self.released, [.release(ReleaseRequest(ticketIDs: ["a"]))])
  }

  @Test func theHoldIDGoesToTheStoreAndNotIntoTheAnswer() throws {
    try Client().expect(
      "/tickets_unlock_param", #"{"data":{"tickets":["a"],"hold_id":"0123456789abcdef"}}"#,
      200, Self.released,
      [.release(ReleaseRequest(ticketIDs: ["a"], holdID: HoldID("0123456789abcdef")))])
  }

  @Test(arguments: [
    "", "{", "[[[", #"{"data":{"tickets":5}}"#, String(repeating: "x", count: 70_000),
  ])
  func expiredTicketsAreReleasedWhateverTheBody(body: String) throws {
    for contentType in [nil, "text/plain"] {
      let client = Client()
      let response = try client.ask("POST", "/tickets_unlock", contentType: contentType, body)
      #expect(response.status == 200)
      #expect(
        response.text
          == #"{"message":"Expired tickets unblocked","status":200,"data":{"valido":true}}"#)
      #expect(client.service.calls == [.releaseExpired])
    }
  }

  @Test(
    arguments: [
      (#"{"data":{}}"#, "got neither"),
      (#"{"data":{"tickets":null}}"#, "got neither"),
      (#"{"data":{"tickets":null,"hold_id":5}}"#, "got neither"),
      (#"{"data":{"tickets":["a"],"ticketd_reserved":["a"]}}"#, "got both"),
      (#"{"data":{"tickets":["a"],"ticketd_reserved":5}}"#, "got both"),
    ])
  func exactlyOneSpellingIsAllowed(body: String, got: String) throws {
    try Client().expectRefused(
      "/tickets_unlock_param", body,
      "data: expected exactly one of tickets and ticketd_reserved, \(got)")
  }
}
