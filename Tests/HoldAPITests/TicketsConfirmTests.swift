import HoldAPI
import Holds
import Testing

@Suite struct TicketsConfirmTests {
  private static let secret = "0f8fad5b-d9cb-469f-a165-70867728950e"

  private func client(_ outcome: HoldOutcome? = nil) -> Client {
    Client(RecordingHoldService(outcome: outcome), bounds: APIBounds(allowsConfirms: true))
  }

  private func confirm(
    _ body: String, _ headers: [String: String] = [:], by client: Client
  ) throws -> APIResponse {
    try client.ask(
      "POST", "/tickets_confirm", body: Array(body.utf8),
      headers: headers.mapValues { Array($0.utf8) })
  }

  @Test func aSaleAnswersTheTicketsAndTheOrder() throws {
    let client = client()
    let response = try confirm(
      #"{"data":{"tickets":["b","a","b"],"hold_id":"\#(Self.secret)","order_id":"A \"1\""}}"#,
      by: client)
    #expect(response.status == 200)
    #expect(
      response.text
        == #"{"message":"Tickets sold","status":200,"data":{"valido":true,"tickets":["b","a"],"#
        + #""order_id":"A \"1\""}}"#)
    #expect(
      client.operations == [
        .confirm(
          ConfirmRequest(
            ticketIDs: ["b", "a"], orderID: #"A "1""#, holdID: HoldID(Self.secret)))
      ])
  }

  @Test(arguments: ["", #","order_id":null"#, #","order_id":"A-1""#])
  func theIdempotencyKeyIsAnOrder(orderID: String) throws {
    let client = client()
    let response = try confirm(
      #"{"data":{"tickets":["a"]\#(orderID)}}"#, ["HTTP_IDEMPOTENCY_KEY": "A-1"], by: client)
    #expect(response.status == 200)
    #expect(
      client.operations == [.confirm(ConfirmRequest(ticketIDs: ["a"], orderID: "A-1"))])
  }

  @Test func aRefusalNamesTheTickets() throws {
    let response = try confirm(
      #"{"data":{"tickets":["a","b"],"order_id":"1"}}"#,
      by: client(
        .refused([
          UnavailableTicket(ticketID: "b", reason: .sold),
          UnavailableTicket(ticketID: "a", reason: .held, availableInSeconds: 5),
        ])))
    #expect(response.status == 400)
    #expect(
      response.text
        == #"{"message":"Tickets not available","status":400,"data":{"valido":false,"#
        + #""nodisponible":["b","a"]}}"#)
  }

  @Test func anOrderWithOtherTicketsIsAConflict() throws {
    let response = try confirm(
      #"{"data":{"tickets":["a"],"order_id":"1"}}"#, by: client(.orderMismatch))
    #expect(response.status == 409)
    #expect(
      response.text
        == #"{"message":"The order exists with other tickets","status":409,"#
        + #""data":{"valido":false}}"#)
  }

  @Test(
    arguments: [
      (#"{"data":{"tickets":["a"]}}"#, "", "data.order_id", "nothing"),
      (#"{"data":{"tickets":["a"],"order_id":""}}"#, "", "data.order_id", "0 bytes"),
      (#"{"data":{"tickets":["a"],"order_id":"\u0000"}}"#, "", "data.order_id", "a NUL"),
      (#"{"data":{"tickets":["a"],"order_id":7}}"#, "", "data.order_id", "a number"),
      (#"{"data":{"ticketd_reserved":["a"],"order_id":"1"}}"#, "", "data.tickets", "nothing"),
    ])
  func badInputIsNamed(body: String, key: String, member: String, got: String) throws {
    let client = client()
    let response = try confirm(body, by: client)
    #expect(response.status == 400)
    #expect(response.text.contains(#""message":"\#(member): expected "#), "\(response.text)")
    #expect(response.text.contains(", got \(got)"), "\(response.text)")
    #expect(response.text.hasSuffix(#""data":{"valido":false}}"#))
    #expect(client.service.calls.isEmpty)
  }

  @Test func theOrderHasABound() throws {
    for (count, status) in [(128, 200), (129, 400)] {
      let order = String(repeating: "x", count: count)
      let inBody = try confirm(
        #"{"data":{"tickets":["a"],"order_id":"\#(order)"}}"#, by: client())
      #expect(inBody.status == status)
      let inHeader = try confirm(
        #"{"data":{"tickets":["a"]}}"#, ["HTTP_IDEMPOTENCY_KEY": order], by: client())
      #expect(inHeader.status == status)
    }
  }

  @Test func twoOrdersAreBadInput() throws {
    let client = client()
    let response = try confirm(
      #"{"data":{"tickets":["a"],"order_id":"1"}}"#, ["HTTP_IDEMPOTENCY_KEY": "2"], by: client)
    #expect(
      response.text
        == refusal(
          #"data.order_id and Idempotency-Key: expected the same in both, got \"1\" and \"2\""#))
    #expect(client.service.calls.isEmpty)
  }

  /// U+FFFD is a character like any other.
  @Test func aKeyMayHaveTheReplacementCharacter() throws {
    let client = client()
    let response = try confirm(
      #"{"data":{"tickets":["a"]}}"#, ["HTTP_IDEMPOTENCY_KEY": "caf\u{FFFD}"], by: client)
    #expect(response.status == 200)
    #expect(
      client.operations == [.confirm(ConfirmRequest(ticketIDs: ["a"], orderID: "caf\u{FFFD}"))])
  }

  /// With the bytes replaced, two such keys would be one order.
  @Test(arguments: [[0x63, 0xE9], [0xEF, 0xBF], [0xC0, 0xAF]] as [[UInt8]])
  func aKeyThatIsNotUTF8IsRefused(key: [UInt8]) throws {
    let client = client()
    let response = try client.ask(
      "POST", "/tickets_confirm", body: Array(#"{"data":{"tickets":["a"]}}"#.utf8),
      headers: ["HTTP_IDEMPOTENCY_KEY": key])
    #expect(response.status == 400)
    #expect(response.text.contains("Idempotency-Key: expected 1 to 128 bytes of UTF-8"))
    #expect(client.service.calls.isEmpty)
  }

  @Test func confirmsAreOffUnlessTheSiteTurnsThemOn() throws {
    let client = Client()
    let response = try confirm(#"{"data":{"tickets":["a"],"order_id":"1"}}"#, by: client)
    #expect(response.status == 404)
    #expect(client.service.calls.isEmpty)
    #expect(try self.client().ask("GET", "/tickets_confirm").value(of: "Allow") == "POST")
  }

  @Test func failuresSayWhetherAnythingWasChanged() throws {
    let body = #"{"data":{"tickets":["a"],"order_id":"1"}}"#
    let unknown = try confirm(body, by: client(.failed(.outcomeUnknown)))
    #expect(unknown.status == 503 && unknown.text.contains("outcome unknown"))
    #expect(try confirm(body, by: client(.released)).status == 500)
  }
}

@Suite struct ShopperTests {
  @Test func theShopperGoesToTheStore() throws {
    let client = Client()
    let response = try client.lock(
      #"{"data":{"ticketd_reserved":["a"],"reserved_time":60,"shopper":"Ann"}}"#)
    #expect(response.status == 200 && !response.text.contains("Ann"))
    #expect(
      client.operations == [
        .lock(
          LockRequest(ticketIDs: ["a"], reservedSeconds: 60, shopper: ShopperID("Ann")))
      ])
  }

  @Test(
    arguments: [#""""#, "7", #""\#(String(repeating: "x", count: 129))""#, #""secret\u0000""#])
  func aBadShopperIsNotShown(shopper: String) throws {
    let client = Client()
    let response = try client.lock(
      #"{"data":{"ticketd_reserved":["a"],"reserved_time":60,"shopper":\#(shopper)}}"#)
    #expect(response.status == 400)
    #expect(
      response.text.contains("data.shopper: expected a string of 1 to 128 bytes, got "),
      "\(response.text)")
    #expect(!response.text.contains("xxx") && !response.text.contains("secret"))
    #expect(client.service.calls.isEmpty)
  }

  @Test func whoIsOverTheLimitHearsIt() throws {
    let response = try Client(RecordingHoldService(outcome: .overLimit(limit: 10, held: 8))).lock(
      #"{"data":{"ticketd_reserved":["a"],"reserved_time":60}}"#)
    #expect(response.status == 400)
    #expect(
      response.text
        == #"{"message":"At most 10 tickets at once","status":400,"#
        + #""data":{"valido":false,"limit":10,"held":8}}"#)
  }
}
