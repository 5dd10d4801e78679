import HoldAPI
import Holds
import Testing

@Suite struct TicketsConfirmTests {
  private static let secret = "0f8fad5b-d9cb-469f-a165-70867728950e"

  private static let path = "/tickets_confirm"

  private func client(_ outcome: HoldOutcome? = nil) -> Client {
    Client(outcome: outcome, bounds: APIBounds(allowsConfirms: true))
  }

  @Test func aSaleAnswersTheTicketsAndTheOrder() throws {
    try client().expect(
      Self.path,
      #"{"data":{"tickets":["b","a","b"],"hold_id":"\#(Self.secret)","order_id":"A \"1\""}}"#, 200,
      #"{"message":"Tickets sold","status":200,"data":{"valido":true,"tickets":["b","a"],"#
        + #""order_id":"A \"1\""}}"#,
      [
        .confirm(
          ConfirmRequest(ticketIDs: ["b", "a"], orderID: #"A "1""#, holdID: HoldID(Self.secret)))
      ])
  }

  /// U+FFFD is a character like any other.
  @Test(arguments: [
    ("A-1", ""), ("A-1", #","order_id":null"#), ("A-1", #","order_id":"A-1""#),
    ("caf\u{FFFD}", ""),
  ])
  func theIdempotencyKeyIsAnOrder(key: String, orderID: String) throws {
    try client().expect(
      Self.path, #"{"data":{"tickets":["a"]\#(orderID)}}"#, headers: ["HTTP_IDEMPOTENCY_KEY": key],
      200,
      #"{"message":"Tickets sold","status":200,"data":{"valido":true,"tickets":["a"],"#
        + #""order_id":"\#(key)"}}"#,
      [.confirm(ConfirmRequest(ticketIDs: ["a"], orderID: key))])
  }

  @Test func aRefusalNamesTheTickets() throws {
    let refused = HoldOutcome.refused([
      UnavailableTicket(ticketID: "b", reason: .sold),
      UnavailableTicket(ticketID: "a", reason: .held, availableInSeconds: 5),
    ])
    try client(refused).expect(
      Self.path, #"{"data":{"tickets":["a","b"],"order_id":"1"}}"#, 400,
      #"{"message":"Tickets not available","status":400,"data":{"valido":false,"#
        + #""nodisponible":["b","a"]}}"#)
  }

  @Test func anOrderWithOtherTicketsIsAConflict() throws {
    try client(.orderMismatch).expect(
      Self.path, #"{"data":{"tickets":["a"],"order_id":"1"}}"#, 409,
      #"{"message":"The order exists with other tickets","status":409,"data":{"valido":false}}"#)
  }

  @Test(
    arguments: [
      (#""tickets":["a"]"#, "data.order_id", "nothing"),
      (#""tickets":["a"],"order_id":"""#, "data.order_id", "0 bytes"),
      (#""tickets":["a"],"order_id":"\u0000""#, "data.order_id", "a NUL"),
      (#""tickets":["a"],"order_id":7"#, "data.order_id", "a number"),
      (#""ticketd_reserved":["a"],"order_id":"1""#, "data.tickets", "nothing"),
    ])
  func badInputIsNamed(members: String, member: String, got: String) throws {
    let client = client()
    let response = try client.ask("POST", Self.path, #"{"data":{\#(members)}}"#)
    #expect(response.status == 400)
    #expect(response.text.contains(#""message":"\#(member): expected "#), "\(response.text)")
    #expect(response.text.contains(", got \(got)"), "\(response.text)")
    #expect(response.text.hasSuffix(#""data":{"valido":false}}"#))
    #expect(client.service.calls.isEmpty)
  }

  @Test func theOrderHasABound() throws {
    for (count, status) in [(128, 200), (129, 400)] {
      let order = String(repeating: "x", count: count)
      let inBody = try client().ask(
        "POST", Self.path, #"{"data":{"tickets":["a"],"order_id":"\#(order)"}}"#)
      #expect(inBody.status == status)
      let inHeader = try client().ask(
        "POST", Self.path, #"{"data":{"tickets":["a"]}}"#, headers: ["HTTP_IDEMPOTENCY_KEY": order])
      #expect(inHeader.status == status)
    }
  }

  @Test func twoOrdersAreBadInput() throws {
    try client().expectRefused(
      Self.path, #"{"data":{"tickets":["a"],"order_id":"1"}}"#,
      headers: ["HTTP_IDEMPOTENCY_KEY": "2"],
      #"data.order_id and Idempotency-Key: expected the same in both, got \"1\" and \"2\""#)
  }

  /// With the bytes replaced, two such keys would be one order.
  @Test(arguments: [[0x63, 0xE9], [0xEF, 0xBF], [0xC0, 0xAF]] as [[UInt8]])
  func aKeyThatIsNotUTF8IsRefused(key: [UInt8]) throws {
    let client = client()
    let response = try client.ask(
      "POST", Self.path, body: Array(#"{"data":{"tickets":["a"]}}"#.utf8),
      headers: ["HTTP_IDEMPOTENCY_KEY": key])
    #expect(response.status == 400)
    #expect(response.text.contains("Idempotency-Key: expected 1 to 128 bytes of UTF-8"))
    #expect(client.service.calls.isEmpty)
  }

  @Test func confirmsAreOffUnlessTheSiteTurnsThemOn() throws {
    let client = Client()
    let response = try client.ask(
      "POST", Self.path, #"{"data":{"tickets":["a"],"order_id":"1"}}"#)
    #expect(response.status == 404)
    #expect(client.service.calls.isEmpty)
    #expect(try self.client().ask("GET", Self.path).value(of: "Allow") == "POST")
  }

  @Test func failuresSayWhetherAnythingWasChanged() throws {
    let body = #"{"data":{"tickets":["a"],"order_id":"1"}}"#
    let unknown = try client(.failed(.outcomeUnknown)).ask("POST", Self.path, body)
    #expect(unknown.status == 503 && unknown.text.contains("outcome unknown"))
    #expect(try client(.released).ask("POST", Self.path, body).status == 500)
  }
}
