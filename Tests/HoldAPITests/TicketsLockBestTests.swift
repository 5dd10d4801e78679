import HoldAPI
import Holds
import Testing

@Suite struct TicketsLockBestTests {
  private static let secret = "0f8fad5b-d9cb-469f-a165-70867728950e"

  private static let path = "/tickets_lock_best"

  @Test func aChoiceIsAnsweredAsAGrant() throws {
    try Client().expect(
      Self.path, #"{"data":{"event_id":"E1","zone":"A","quantity":2,"reserved_time":600}}"#, 200,
      #"{"message":"Tickets blocked","status":200,"data":{"valido":true,"#
        + #""tickets":["E1-1","E1-2"]}}"#,
      [.lockBest(BestRequest(eventID: "E1", zone: "A", quantity: 2, reservedSeconds: 600))])
  }

  @Test func anOwnedChoiceAddsTheHoldAndItsEnd() throws {
    try Client().expect(
      Self.path,
      #"{"data":{"event_id":"E1","zone":null,"quantity":1,"adjacent":true,"reserved_time":1,"#
        + #""hold_id":"\#(Self.secret)"}}"#,
      200,
      #"{"message":"Tickets blocked","status":200,"data":{"valido":true,"tickets":["E1-1"],"#
        + #""hold_id":"\#(Self.secret)","expires_at":"2023-11-14T22:13:20.123Z","#
        + #""expires_in":599}}"#,
      [
        .lockBest(
          BestRequest(
            eventID: "E1", quantity: 1, mustBeAdjacent: true, reservedSeconds: 1,
            holdID: HoldID(Self.secret)))
      ])
  }

  @Test func aRefusalTellsHowManyAreFree() throws {
    for (details, more) in [("", ""), (#","details":true"#, #","unavailable":[]"#)] {
      try Client(outcome: .notEnough(free: 2)).expect(
        Self.path, #"{"data":{"event_id":"E1","quantity":3,"reserved_time":600\#(details)}}"#, 400,
        #"{"message":"Tickets not available","status":400,"data":{"valido":false,"#
          + #""nodisponible":[],"free":2\#(more)}}"#)
    }
  }

  @Test func whatTheDatabaseLacksIsSaid() throws {
    let cause = "The table tickets has no column event_id"
    let response = try Client(outcome: .failed(.unsupported(cause))).ask(
      "POST", Self.path, #"{"data":{"event_id":"E1","quantity":3,"reserved_time":600}}"#)
    #expect(response.status == 503)
    #expect(response.value(of: "Retry-After") == "1")
    #expect(
      response.text
        == #"{"message":"\#(cause); nothing was changed","status":503,"data":{"valido":false}}"#)
  }

  @Test(arguments: [
    (#""quantity":1"#, "data.event_id: expected a string of 1 to 256 bytes, got nothing"),
    (
      #""event_id":"","quantity":1"#,
      #"data.event_id: expected a string of 1 to 256 bytes, got \"\""#
    ),
    (
      #""event_id":7,"quantity":1"#, "data.event_id: expected a string of 1 to 256 bytes, got 7"
    ),
    (
      #""event_id":"E1","zone":["A"],"quantity":1"#,
      "data.zone: expected a string of 1 to 256 bytes, got an array"
    ),
    (#""event_id":"E1""#, "data.quantity: expected a whole number from 1 to 100, got nothing"),
    (
      #""event_id":"E1","quantity":0"#,
      "data.quantity: expected a whole number from 1 to 100, got 0"
    ),
    (
      #""event_id":"E1","quantity":101"#,
      "data.quantity: expected a whole number from 1 to 100, got 101"
    ),
    (
      #""event_id":"E1","quantity":1.5"#,
      "data.quantity: expected a whole number from 1 to 100, got 1.5"
    ),
    (
      #""event_id":"E1","quantity":"2""#,
      #"data.quantity: expected a whole number from 1 to 100, got \"2\""#
    ),
    (
      #""event_id":"E1","quantity":2,"adjacent":1"#,
      "data.adjacent: expected true or false, got 1"
    ),
  ])
  func aWrongMemberIsNamed(members: String, message: String) throws {
    try Client().expectRefused(
      Self.path, #"{"data":{\#(members),"reserved_time":600}}"#, message)
  }
}
