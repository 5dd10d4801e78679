import Testing

@testable import HoldAPI

/// The reader of ordinary bodies: it reads what clients send, and only as `JSONDecoder` would.
@Suite struct OrdinaryBodyTests {
  static let ordinary = [
    #"{"data":{"ticketd_reserved":["E1-a","E1-b"],"reserved_time":600}}"#,
    #"{"data":{"ticketd_reserved":["a"],"reserved_time":0}}"#,
    #"{"data":{"reserved_time":999999999999999,"ticketd_reserved":["é🎟","e\#u{301}",""]}}"#,
    #"{"data":{"tickets":["E1-a"],"hold_id":"0123456789abcdef","details":true,"n":null}}"#,
    #"{"x":"y","tickets":5,"data":{"data":1,"ticketd_reserved":["a"],"details":false},"z":true}"#,
    "\n{ \"data\"\t: {\r\n \"tickets\" : [ \"a\" , \"b\" ] } } \n",
  ]

  @Test(arguments: ordinary) func ordinaryBodiesAreRead(body: String) {
    #expect(OrdinaryBody(Array(body.utf8)) != nil)
    #expect(BodyReading.difference(in: Array(body.utf8)) == nil)
  }

  @Test func membersAreRead() {
    let body =
      #"{"data":{"ticketd_reserved":["a","é"],"reserved_time":90,"hold_id":"h","details":true}}"#
    let read = OrdinaryBody(Array(body.utf8))
    #expect(read?.ticketdReserved == ["a", "é"])
    #expect(read?.tickets == nil)
    #expect(read?.reservedTime == 90)
    #expect(read?.holdID?.secret == "h")
    #expect(read?.details == true)
  }

  /// Right or wrong: the decoder decides.
  static let others = [
    "", "{}", "[]", "{", #"{"data":{}}"#, #"{"data":5}"#, #"{"x":1}"#,
    #"{"data":{"tickets":["a"]}}x"#, #"{"data":{"tickets":["a"]}}"# + "\0",
    #"{"data":{"tickets":["a"]}"#, #"{"data":{"tickets":["a"],}}"#, #"{"data":{"tickets":["a",]}}"#,
    #"{"data":{"tickets":["a"]},"data":{"tickets":["a"]}}"#,
    #"{"data":{"tickets":["a"],"tickets":["a"]}}"#,
    #"{"data":{"tickets":["a"],"t\u0069ckets":["b"]}}"#, #"{"data":{"tickets":["a\/b"]}}"#,
    #"{"data":{"tickets":[]}}"#, #"{"data":{"tickets":[5]}}"#, #"{"data":{"tickets":"a"}}"#,
    #"{"data":{"tickets":null}}"#, #"{"data":{"tickets":["a"],"hold_id":null}}"#,
    #"{"data":{"tickets":["a"],"details":1}}"#, #"{"data":{"tickets":["a"],"details":tru}}"#,
    #"{"data":{"tickets":["a"],"x":{"y":1}}}"#, #"{"data":{"tickets":["a"],"x":[1]}}"#,
    #"{"data":{"tickets":["a"],"x":-1}}"#, "{\"data\":{\"tickets\":[\"a\u{1}\"]}}",
    "\u{FEFF}" + #"{"data":{"tickets":["a"]}}"#,
  ]

  @Test(arguments: others) func otherBodiesAreLeft(body: String) {
    #expect(OrdinaryBody(Array(body.utf8)) == nil)
  }

  @Test(arguments: [
    "01", "00", "-0", "-1", "+1", "1.0", "1.5", "1.", ".5", "1e2", "1000000000000000", "\"1\"",
    "null", "true", "NaN", "",
  ])
  func otherNumbersAreLeft(number: String) {
    #expect(OrdinaryBody(Array(#"{"data":{"reserved_time":\#(number)}}"#.utf8)) == nil)
  }

  @Test(
    arguments: [[0xFF], [0xC3], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80]]
      as [[UInt8]])
  func invalidUTF8IsLeft(bytes: [UInt8]) {
    for (start, end) in [
      (#"{"data":{"tickets":["a"#, #""]}}"#), (#"{"x"#, #"":1,"data":{"a":1}}"#),
    ] {
      #expect(OrdinaryBody(Array(start.utf8) + Array(end.utf8)) != nil)
      #expect(OrdinaryBody(Array(start.utf8) + bytes + Array(end.utf8)) == nil)
    }
  }

  @Test func everyBeginningIsLeft() {
    for body in Self.ordinary.map({ Array($0.utf8) }) {
      let end = body.lastIndex(of: UInt8(ascii: "}")) ?? 0
      for length in 0...end { #expect(OrdinaryBody(Array(body.prefix(length))) == nil) }
    }
  }
}
