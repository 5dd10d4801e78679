import HoldAPI
import Testing

/// A lock that is refused: the member's JSON in place of a good one, and the message (as JSON).
struct BadInput: Sendable, CustomTestStringConvertible {
  var json: String
  var message: String

  init(_ json: String, _ message: String) {
    self.json = json
    self.message = message
  }

  var testDescription: String { String(json.prefix(60)) }
}

@Suite struct BadInputTests {
  private static let unreadable =
    "a string with a malformed escape or a raw control character"

  static let times = [
    BadInput(#""abc""#, #"got \"abc\""#), BadInput(#""600""#, #"got \"600\""#),
    BadInput("true", "got true"), BadInput("false", "got false"), BadInput("null", "got null"),
    BadInput("[1]", "got an array"), BadInput("{}", "got an object"),
    BadInput("0.999", "got 0.999"), BadInput("0", "got 0"), BadInput("-0", "got -0"),
    BadInput("-1", "got -1"), BadInput("7201", "got 7201"), BadInput("7200.001", "got 7200.001"),
    BadInput("1e300", "got 1e+300"),
    BadInput("123456789012345678901234567890", "got 1.2345678901234568e+29"),
    BadInput("1e400", "got a number that is malformed or out of range"),
    BadInput("-1e400", "got a number that is malformed or out of range"),
    BadInput("01", "got a number that is malformed or out of range"),
    BadInput("1.", "got a number that is malformed or out of range"),
    BadInput("1e", "got a number that is malformed or out of range"),
    BadInput(#""\ud800""#, "got \(unreadable)"),
    BadInput(#""a\"b\\\n\u0007\u202e""#, #"got \"a\\\"b\\\\\\n\\u0007\\u202e\""#),
  ]

  @Test(arguments: times) func reservedTime(_ bad: BadInput) throws {
    try Client().expectRefused(
      "/tickets_lock",
      #"{"data":{"ticketd_reserved":["a"],"reserved_time":\#(bad.json)}}"#,
      "data.reserved_time: expected a number from 1 to 7200, \(bad.message)")
  }

  static let ticketLists = [
    BadInput("null", ": expected an array of 1 to 100 ticket ids, got null"),
    BadInput("[]", ": expected an array of 1 to 100 ticket ids, got an empty array"),
    BadInput(#""a""#, #": expected an array of 1 to 100 ticket ids, got \"a\""#),
    BadInput("5", ": expected an array of 1 to 100 ticket ids, got 5"),
    BadInput("true", ": expected an array of 1 to 100 ticket ids, got true"),
    BadInput(#"{"0":"a"}"#, ": expected an array of 1 to 100 ticket ids, got an object"),
    BadInput(#"["a","b","c",5]"#, "[3]: expected a string of 1 to 256 bytes, got 5"),
    BadInput("[1.5]", "[0]: expected a string of 1 to 256 bytes, got 1.5"),
    BadInput(#"["a",null]"#, "[1]: expected a string of 1 to 256 bytes, got null"),
    BadInput("[true]", "[0]: expected a string of 1 to 256 bytes, got true"),
    BadInput(#"[["a"]]"#, "[0]: expected a string of 1 to 256 bytes, got an array"),
    BadInput(#"["a",{}]"#, "[1]: expected a string of 1 to 256 bytes, got an object"),
    BadInput(#"["a",""]"#, #"[1]: expected a string of 1 to 256 bytes, got \"\""#),
    BadInput(
      #"["a\u0000b"]"#,
      #"[0]: expected a string of 1 to 256 bytes without NUL, got \"a\\u0000b\""#),
    BadInput(#"["\ud800"]"#, "[0]: expected a string of 1 to 256 bytes, got \(unreadable)"),
    BadInput(#"["\udc00a"]"#, "[0]: expected a string of 1 to 256 bytes, got \(unreadable)"),
    BadInput(#"["\q"]"#, "[0]: expected a string of 1 to 256 bytes, got \(unreadable)"),
    BadInput("[\"\t\"]", "[0]: expected a string of 1 to 256 bytes, got \(unreadable)"),
  ]

  @Test(arguments: ticketLists) func tickets(_ bad: BadInput) throws {
    try Client().expectRefused(
      "/tickets_lock",
      #"{"data":{"ticketd_reserved":\#(bad.json),"reserved_time":1}}"#,
      "data.ticketd_reserved\(bad.message)")
    // For a release, null is a member that was not sent.
    guard bad.json != "null" else { return }
    for member in ["tickets", "ticketd_reserved"] {
      try Client().expectRefused(
        "/tickets_unlock_param",
        #"{"data":{"\#(member)":\#(bad.json)}}"#, "data.\(member)\(bad.message)")
    }
  }

  static let others = [
    BadInput(
      #"{"data":{"reserved_time":1}}"#,
      "data.ticketd_reserved: expected an array of 1 to 100 ticket ids, got nothing"),
    BadInput(
      #"{"data":{"tickets":["a"],"reserved_time":1}}"#,
      "data.ticketd_reserved: expected an array of 1 to 100 ticket ids, got nothing"),
    BadInput(
      #"{"data":{"ticketd_reserved":["a"]}}"#,
      "data.reserved_time: expected a number from 1 to 7200, got nothing"),
    BadInput(
      #"{"data":{"ticketd_reserved":["a"],"reserved_time":1,"details":"yes"}}"#,
      #"data.details: expected true or false, got \"yes\""#),
    BadInput(
      #"{"data":{"ticketd_reserved":["a"],"reserved_time":1,"details":1}}"#,
      "data.details: expected true or false, got 1"),
    BadInput(
      #"{"data":{"x":[{"y":1e999}],"ticketd_reserved":["a"],"reserved_time":"x"}}"#,
      #"data.reserved_time: expected a number from 1 to 7200, got \"x\""#),
  ]

  @Test(arguments: others) func members(_ bad: BadInput) throws {
    try Client().expectRefused("/tickets_lock", bad.json, bad.message)
  }

  static let envelopes = [
    BadInput("{}", "data: expected an object, got nothing"),
    BadInput(#"{"Data":{}}"#, "data: expected an object, got nothing"),
    BadInput(#"{"data":null}"#, "data: expected an object, got null"),
    BadInput(#"{"data":[]}"#, "data: expected an object, got an array"),
    BadInput(
      #"{"data":"{\"hold_id\":\"my-very-own-secret\"}"}"#, "data: expected an object, got a string"),
    BadInput(#"{"data":1}"#, "data: expected an object, got a number"),
    BadInput(#"{"data":true}"#, "data: expected an object, got a boolean"),
  ]

  @Test(arguments: envelopes, ["/tickets_lock", "/tickets_unlock_param"])
  func envelope(_ bad: BadInput, path: String) throws {
    try Client().expectRefused(path, bad.json, bad.message)
  }

  static let quotations = [
    (String(repeating: "x", count: 40), String(repeating: "x", count: 40) + #"\""#),
    (String(repeating: "x", count: 41), String(repeating: "x", count: 40) + #"...\" (41 bytes)"#),
    // Whole characters only, of 8 bytes each: 20 of them fill the 160 bytes.
    (
      String(repeating: "🇪🇸", count: 41),
      String(repeating: "🇪🇸", count: 20) + #"...\" (328 bytes)"#
    ),
    ("e" + String(repeating: "\u{301}", count: 500), #"...\" (1001 bytes)"#),
  ]

  @Test(arguments: quotations) func whatCameIsCutOnCharacterBorders(
    sent: String, quoted: String
  ) throws {
    try Client().expectRefused(
      "/tickets_lock",
      #"{"data":{"ticketd_reserved":["a"],"reserved_time":"\#(sent)"}}"#,
      #"data.reserved_time: expected a number from 1 to 7200, got \"\#(quoted)"#)
  }
}
