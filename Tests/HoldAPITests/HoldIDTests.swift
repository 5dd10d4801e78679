import HoldAPI
import Holds
import Testing

/// A `hold_id` that is refused is never shown, not even in part.
@Suite struct HoldIDTests {
  static let expected = "data.hold_id: expected 16 to 128 of [A-Za-z0-9._-], got"

  @Test(
    arguments: [
      (#""""#, "0 bytes"), (#""0123456789abcde""#, "15 bytes"),
      ("\"\(String(repeating: "s", count: 129))\"", "129 bytes"),
      (#""0123456789 abcdef""#, "other characters"),
      (#""0123456789abcdé""#, "other characters"), (#""0123456789abcdef\n""#, "other characters"),
      (#""0123456789abcd\u0000ef""#, "other characters"),
      (#""0123456789abcd/ef""#, "other characters"), ("1234567890123456", "a number"),
      ("1e999", "a number that is malformed or out of range"), ("true", "a boolean"),
      (#"["0123456789abcdef"]"#, "an array"), ("{}", "an object"),
      (#""0123456789abcdef\ud800""#, "a string with a malformed escape or a raw control character"),
    ])
  func aWrongHoldIDIsRefusedAndNotShown(json: String, got: String) throws {
    for (path, body) in [
      (
        "/tickets_lock",
        #"{"data":{"ticketd_reserved":["a"],"reserved_time":1,"hold_id":\#(json)}}"#
      ),
      ("/tickets_unlock_param", #"{"data":{"tickets":["a"],"hold_id":\#(json)}}"#),
      ("/tickets_unlock_param", #"{"data":{"hold_id":\#(json),"ticketd_reserved":["a"]}}"#),
    ] {
      try Client().expectRefused(path, body, "\(Self.expected) \(got)")
    }
  }

  @Test func itsBoundsAreSettings() throws {
    let bounds = APIBounds(minimumHoldIDBytes: 2, maximumHoldIDBytes: 3)
    for (holdID, got) in [("a", "1 bytes"), ("ab", nil), ("abc", nil), ("abcd", "4 bytes")] {
      let client = Client(bounds: bounds)
      let body = #"{"data":{"tickets":["a"],"hold_id":"\#(holdID)"}}"#
      if let got {
        try client.expectRefused(
          "/tickets_unlock_param", body,
          "data.hold_id: expected 2 to 3 of [A-Za-z0-9._-], got \(got)")
      } else {
        #expect(try client.release(body).status == 200)
      }
    }
  }

  @Test func aSiteMayRequireIt() throws {
    let client = Client(bounds: APIBounds(requiresHoldID: true, allowsConfirms: true))
    for hold in ["", #","hold_id":null"#] {
      try client.expectRefused(
        "/tickets_lock", #"{"data":{"ticketd_reserved":["a"],"reserved_time":1\#(hold)}}"#,
        "\(Self.expected) nothing")
      try client.expectRefused(
        "/tickets_unlock_param", #"{"data":{"tickets":["a"]\#(hold)}}"#, "\(Self.expected) nothing")
      try client.expectRefused(
        "/tickets_lock_best",
        #"{"data":{"event_id":"e","quantity":1,"reserved_time":1\#(hold)}}"#,
        "\(Self.expected) nothing")
      try client.expectRefused(
        "/tickets_confirm", #"{"data":{"tickets":["a"],"order_id":"1"\#(hold)}}"#,
        "\(Self.expected) nothing")
    }
    #expect(
      try client.release(#"{"data":{"tickets":["a"],"hold_id":"0123456789abcdef"}}"#).status == 200)
    #expect(try client.ask("POST", "/tickets_unlock").status == 200)
  }

  @Test func requestsAndResponsesDescribeThemselvesWithoutIt() throws {
    let secret = "0123456789abcdef"
    let body = Array(
      #"{"data":{"ticketd_reserved":["a"],"reserved_time":1,"hold_id":"\#(secret)"}}"#.utf8)
    let request = APIRequest(
      method: "POST", path: "/tickets_lock", contentType: nil, requestID: "r", body: body)
    let response = try Client().ask("POST", "/tickets_lock", body: body)
    #expect(response.text.contains(secret))
    for description in [
      "\(request)", String(reflecting: request), dumped(request), "\(response)",
      String(reflecting: response), dumped(response), dumped([response]),
    ] {
      #expect(!description.contains(secret))
      // The bytes as numbers: "0123".
      #expect(!description.contains("48, 49, 50"))
      #expect(!description.contains("- 48\n"))
    }
  }

  private func dumped(_ value: some Any) -> String {
    var text = ""
    dump(value, to: &text)
    return text
  }
}
