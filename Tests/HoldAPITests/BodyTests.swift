import HoldAPI
import Testing

/// Bodies that are not JSON, or not in UTF-8, or not said to be JSON.
@Suite struct BodyTests {
  static let good = #"{"data":{"ticketd_reserved":["a"],"reserved_time":1}}"#
  static let example =
    #"JSON such as {\"data\":{\"ticketd_reserved\":[\"…\"],\"reserved_time\":600}}"#

  private func expectRefused(
    _ body: some Collection<UInt8>, _ expected: String, got: String,
    at location: SourceLocation = #_sourceLocation
  ) throws {
    try Client().expectRefused(
      "/tickets_lock", body: Array(body), "the body: expected \(expected), got \(got)",
      at: location)
  }

  @Test(arguments: [
    "{", "x", "}", "nul", #"{"data":{"ticketd_reserved":["a"],"reserved_time":NaN}}"#,
    #"{"data":{"ticketd_reserved":["a"],"reserved_time":Infinity}}"#,
    #"{"data":{"ticketd_reserved":["a"],"reserved_time":+1}}"#,
    #"{"data":{"ticketd_reserved":["a"],"reserved_time":0x1}}"#,
    good + "x", good + good, good + "]", good + "\u{85}", String(good.dropLast()),
    String(good.dropLast(2)), String(good.dropLast(20)), #"{'data':{}}"#,
    "hold_id=0123456789abcdef", "// c\n" + good, " ", "\n\t\r",
  ])
  func whatIsNotJSONIsSaidToBeNone(body: String) throws {
    try expectRefused(
      body.utf8, Self.example, got: "\(body.utf8.count) bytes that are not JSON")
  }

  @Test(
    arguments: [
      ("", "nothing"), ("null", "null"), ("[]", "an array"), ("5", "a number"),
      (#""{\"data\":1}""#, "a string"), ("true", "a boolean"),
    ])
  func anotherKindOfBodyIsNamed(body: String, kind: String) throws {
    try expectRefused(body.utf8, Self.example, got: kind)
  }

  @Test func theExampleIsTheEndpoints() throws {
    try Client().expectRefused(
      "/tickets_unlock_param", "",
      #"the body: expected JSON such as {\"data\":{\"tickets\":[\"…\"]}}, got nothing"#)
  }

  @Test func aMemberNameThatCannotBeReadIsRefused() throws {
    let body = #"{"\ud800":1,"data":{"ticketd_reserved":["a"],"reserved_time":1}}"#
    try expectRefused(
      body.utf8, Self.example, got: "\(body.utf8.count) bytes that are not JSON")
  }

  @Test(
    arguments: [
      (#"{"data":{"a":[1,]}}"#, 16), (#"{"data":{"a":[1, ]}}"#, 17), (#"{"data":{},}"#, 11),
      (#"{"data":{"a":"b",}}"#, 17),
    ])
  func aCommaBeforeAClosingBracketIsRefused(body: String, offset: Int) throws {
    try expectRefused(
      body.utf8, "JSON", got: "a comma before the closing bracket at offset \(offset)")
  }

  @Test func aCommaWithinAStringIsNone() throws {
    let client = Client()
    _ = try client.release(#"{"data":{"tickets":["a,"]}}"#)
    _ = try client.release(#"{"data":{"tickets":[",","]"]}}"#)
    #expect(client.operations.map(\.ticketIDs) == [["a,"], [",", "]"]])
  }

  @Test(
    arguments: [
      [0xFF], [0xC3], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0x80],
    ] as [[UInt8]])
  func invalidUTF8IsRefusedEverywhere(bytes: [UInt8]) throws {
    let inString = Array(#"{"data":{"ticketd_reserved":["a"#.utf8)
    let rest = #""],"reserved_time":1}}"#.utf8
    try expectRefused(
      inString + bytes + rest, "JSON in UTF-8", got: "an invalid byte at offset \(inString.count)")
    try expectRefused(
      bytes + Self.good.utf8, "JSON in UTF-8", got: "an invalid byte at offset 0")
    // A member that is ignored is part of the body all the same.
    let unknown = Array(#"{"x":""#.utf8)
    try expectRefused(
      unknown + bytes + #""}"#.utf8, "JSON in UTF-8",
      got: "an invalid byte at offset \(unknown.count)")
  }

  @Test func rawNULsAreRefusedAndNeverTakenForUTF16() throws {
    let good = Array(Self.good.utf8)
    for (body, offset) in [
      (Self.good.utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }, 1),
      (good + [0], good.count), (Array("{\"data\":{\"x\":\"\0\"}}".utf8), 14),
      (Array("{\"data\":{\"x\":\"\\\0\"}}".utf8), 15),
    ] {
      try expectRefused(body, "JSON in UTF-8", got: "a NUL byte at offset \(offset)")
    }
  }

  @Test(arguments: [
    "application/json", "Application/JSON", "application/json;charset=utf-8",
    " application/json ; charset=\"utf-8\"", "application/json;",
  ])
  func jsonMediaTypesAreTaken(contentType: String) throws {
    let response = try Client().ask(
      "POST", "/tickets_lock", contentType: contentType, Self.good)
    #expect(response.status == 200)
  }

  @Test(
    arguments: [
      (nil, "none"), ("", #"\"\""#), ("text/plain", #"\"text/plain\""#),
      ("application/jsonp", #"\"application/jsonp\""#),
      ("application/jso", #"\"application/jso\""#),
      ("text/plain; application/json", #"\"text/plain; application/json\""#),
      ("application/x-www-form-urlencoded", #"\"application/x-www-form-urlencoded\""#),
      ("application\u{f}json", #"\"application\\u000fjson\""#),
      ("application/json, text/plain", #"\"application/json, text/plain\""#),
    ] as [(String?, String)])
  func otherMediaTypesAre415(contentType: String?, got: String) throws {
    for path in ["/tickets_lock", "/tickets_unlock_param"] {
      let client = Client()
      let response = try client.ask("POST", path, contentType: contentType, Self.good)
      #expect(response.status == 415)
      #expect(
        response.text
          == #"{"message":"send the header Content-Type: application/json, got \#(got)","#
          + #""status":415,"data":{}}"#)
      #expect(client.service.calls.isEmpty)
      // Without a body there is nothing whose type could be wrong.
      #expect(try client.ask("POST", path, contentType: contentType, "").status == 400)
    }
  }

  @Test func theFirstOfTwoMembersCounts() throws {
    let client = Client()
    _ = try client.lock(
      #"{"data":{"ticketd_reserved":["a"],"reserved_time":1,"reserved_time":"x"},"data":5}"#)
    #expect(client.operations.map(\.ticketIDs) == [["a"]])
  }

  @Test func aByteOrderMarkIsPassedOver() throws {
    #expect(try Client().lock("\u{FEFF}" + Self.good).status == 200)
  }
}
