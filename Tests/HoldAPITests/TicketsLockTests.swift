import Foundation
import HoldAPI
import Holds
import Testing

@Suite struct TicketsLockTests {
  static let secret = "0f8fad5b-d9cb-469f-a165-70867728950e"

  @Test func aGrantAnswersTheTicketsAndNothingElse() throws {
    try Client().expect(
      "/tickets_lock",
      #"{"data":{"ticketd_reserved":["E1-b","E1-a","E1-b"],"reserved_time":600.5}}"#, 200,
      #"{"message":"Tickets blocked","status":200,"data":{"valido":true,"#
        + #""tickets":["E1-b","E1-a"]}}"#,
      [.lock(LockRequest(ticketIDs: ["E1-b", "E1-a"], reservedSeconds: 600.5))])
  }

  @Test func anOwnedGrantAddsTheHoldAndItsEnd() throws {
    try Client().expect(
      "/tickets_lock",
      #"{"data":{"ticketd_reserved":["a"],"reserved_time":1,"hold_id":"\#(Self.secret)"}}"#, 200,
      #"{"message":"Tickets blocked","status":200,"data":{"valido":true,"tickets":["a"],"#
        + #""hold_id":"\#(Self.secret)","expires_at":"2023-11-14T22:13:20.123Z","#
        + #""expires_in":599}}"#,
      [.lock(LockRequest(ticketIDs: ["a"], reservedSeconds: 1, holdID: HoldID(Self.secret)))])
  }

  static let refused = HoldOutcome.refused([
    UnavailableTicket(ticketID: "E1-c", reason: .held, availableInSeconds: 12),
    UnavailableTicket(ticketID: "E1-\"a", reason: .sold),
    UnavailableTicket(ticketID: "E1-b", reason: .unknown),
    UnavailableTicket(ticketID: "E1-d", reason: .withheld),
  ])

  @Test(arguments: ["", #","details":false"#, #","details":null"#, #","hold_id":null"#])
  func aRefusalNamesTheTickets(optIn: String) throws {
    try Client(outcome: Self.refused).expect(
      "/tickets_lock",
      #"{"data":{"ticketd_reserved":["E1-c","E1-\"a","E1-b"],"reserved_time":1\#(optIn)}}"#, 400,
      #"{"message":"Tickets not available","status":400,"data":{"valido":false,"#
        + #""nodisponible":["E1-c","E1-\"a","E1-b","E1-d"]}}"#)
  }

  @Test func detailsAddTheReasons() throws {
    try Client(outcome: Self.refused).expect(
      "/tickets_lock", #"{"data":{"ticketd_reserved":["E1-c"],"reserved_time":1,"details":true}}"#,
      400,
      #"{"message":"Tickets not available","status":400,"data":{"valido":false,"#
        + #""nodisponible":["E1-c","E1-\"a","E1-b","E1-d"],"unavailable":["#
        + #"{"ticket_id":"E1-c","reason":"held","available_in":12},"#
        + #"{"ticket_id":"E1-\"a","reason":"sold","available_in":null},"#
        + #"{"ticket_id":"E1-b","reason":"unknown","available_in":null},"#
        + #"{"ticket_id":"E1-d","reason":"withheld","available_in":null}]}}"#)
  }

  @Test func optInsLeaveAnAnonymousGrantAsItIs() throws {
    for optIn in [#","details":true"#, #","hold_id":null"#, #","hold":"x","Details":1"#] {
      try Client().expect(
        "/tickets_lock",
        #"{"data":{"ticketd_reserved":["a"],"reserved_time":1\#(optIn)},"other":[{}]}"#, 200,
        #"{"message":"Tickets blocked","status":200,"data":{"valido":true,"tickets":["a"]}}"#,
        [.lock(LockRequest(ticketIDs: ["a"], reservedSeconds: 1))])
    }
  }

  @Test(arguments: [
    #"a'b"#, #"a\b"#, #"{a,b}"#, "NULL", "🎟️", "a\nb\u{7f}\u{1}", "\"", "e\u{301}", " ", "\u{2028}",
  ])
  func anyTextMayBeATicketAndComesBackAsItWas(id: String) throws {
    let client = Client()
    let ids = String(decoding: try JSONEncoder().encode([id]), as: UTF8.self)
    let response = try client.lock(#"{"data":{"ticketd_reserved":\#(ids),"reserved_time":1}}"#)
    #expect(response.status == 200)
    let sent = try #require(client.operations.first?.ticketIDs.first)
    #expect(sent.utf8.elementsEqual(id.utf8))
    let answered = try #require(try response.members["tickets"] as? [String]).joined()
    #expect(answered.utf8.elementsEqual(id.utf8))
  }
}
