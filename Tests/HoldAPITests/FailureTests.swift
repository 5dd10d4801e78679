import HoldAPI
import Holds
import Testing

@Suite struct FailureTests {
  static let cases: [(HoldFailure, String)] = [
    (.queueFull, "Service busy: the queue is full; nothing was changed"),
    (.stopping, "Service stopping; nothing was changed"),
    (.databaseUnreachable, "Database not reached in time; nothing was changed"),
    (.contended, "Tickets busy: another request or transaction kept them; nothing was changed"),
    (.outcomeUnknown, "Database connection lost during the commit; outcome unknown"),
  ]

  @Test(arguments: cases)
  func everyFunctionSaysWhyAndWhatBecameOfTheRequest(
    failure: HoldFailure, message: String
  ) throws {
    for (path, body) in [
      ("/tickets_lock", #"{"data":{"ticketd_reserved":["a"],"reserved_time":1}}"#),
      ("/tickets_unlock_param", #"{"data":{"tickets":["a"]}}"#),
      ("/tickets_unlock", ""),
    ] {
      let client = Client(bounds: APIBounds(retryAfterSeconds: 3))
      client.service.outcome = .failed(failure)
      client.service.failure = failure
      let response = try client.ask("POST", path, body)
      #expect(response.status == 503)
      #expect(
        response.text
          == #"{"message":"\#(message)","status":503,"data":{"valido":false}}"#)
      #expect(response.value(of: "Retry-After") == "3")
      #expect(client.service.calls.count == 1)
    }
  }

  @Test func aStatementThatTheDatabaseRefusesIsA500() throws {
    let client = Client(outcome: .failed(.databaseRefused))
    let response = try client.lock(#"{"data":{"ticketd_reserved":["a"],"reserved_time":1}}"#)
    #expect(response.status == 500)
    #expect(response.value(of: "Retry-After") == nil)
    #expect(
      response.text
        == #"{"message":"Internal error: nothing was changed","status":500,"data":{"valido":false}}"#
    )
  }

  /// No connection was lost, and some expired holds may be deleted.
  @Test func aSweepThatDoesNotGetThroughSaysWhatItIs() throws {
    for (failure, status, message) in [
      (HoldFailure.sweepRefused, 500, "Internal error: not every expired ticket was unblocked"),
      (.sweepLate, 503, "Expired tickets not all unblocked in time; outcome unknown"),
    ] {
      let client = Client()
      client.service.failure = failure
      let response = try client.ask("POST", "/tickets_unlock", "")
      #expect(response.status == status)
      #expect(
        response.text
          == #"{"message":"\#(message)","status":\#(status),"data":{"valido":false}}"#)
      #expect((response.value(of: "Retry-After") != nil) == (status == 503))
    }
  }

  @Test func anOutcomeThatDoesNotBelongIsA500() throws {
    let body =
      #"{"message":"Internal error; outcome unknown","status":500,"data":{"valido":false}}"#
    let lock = try Client(outcome: .released)
      .lock(#"{"data":{"ticketd_reserved":["a"],"reserved_time":1}}"#)
    #expect(lock.status == 500)
    #expect(lock.text == body)
    #expect(lock.value(of: "Retry-After") == nil)
    for outcome in [
      HoldOutcome.refused([]),
      .granted(HoldGrant(expiresAtUnixMicroseconds: 0, expiresInSeconds: 0)),
    ] {
      try Client(outcome: outcome)
        .expect("/tickets_unlock_param", #"{"data":{"tickets":["a"]}}"#, 500, body)
    }
  }

  @Test func theServersOwnErrorsAreInTheEnvelope() {
    let error = APIResponse.error(status: 400, message: "a \"b\"\n", requestID: "r")
    #expect(error.status == 400)
    #expect(error.text == #"{"message":"a \"b\"\n","status":400,"data":{"valido":false}}"#)
    #expect(
      error.headers == [
        "Content-Type: application/json", "Cache-Control: no-store", "X-Request-Id: r",
      ])
    let busy = APIResponse.error(status: 503, message: "m", requestID: "r", retryAfterSeconds: 2)
    #expect(busy.value(of: "Retry-After") == "2")
    #expect(busy.text == #"{"message":"m","status":503,"data":{"valido":false}}"#)
  }
}
