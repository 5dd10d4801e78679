import TestSupport

/// Random bodies: members in any order and number, odd values among good ones; half of them changed
/// once more, byte by byte.
struct RandomBodies {
  private static let names = [
    "ticketd_reserved", "tickets", "reserved_time", "hold_id", "hold_id", "details", "details",
    "data", "x", "é", "ticket\\u0073", "", "Tickets", "reserved_time\u{301}",
  ]

  private static let texts = [
    "E1-a", "E1-b", "BENCH-0001-A12", "", "é", "e\u{301}", "🎟", "\u{FEFF}", "\u{7F}", "\u{2028}",
    "{", "]", ",", "a:b", "\\\"", "\\\\", "\\/", "\\n", "\\u00e9", "\\ud83c\\udf9f", "\\ud800",
    "0123456789abcdef", "\u{212A}", "\u{1}", "true",
  ]

  private static let numbers = [
    "0", "1", "600", "600", "7200", "999999999999999", "1000000000000000", "9007199254740993",
    "00", "01", "-0", "-1", "1.5", "600.0", "6e2", "0.1", "1e400", "1.", ".5", "+1", "0x10", "NaN",
  ]

  private static let spaces = ["", "", "", "", "", "", " ", "\n", "\t\r "]

  private var random: SeededGenerator

  init(seed: UInt64) { random = SeededGenerator(seed: seed) }

  mutating func next() -> [UInt8] {
    var text = pick(Self.spaces)
    // What stands beside `data` is rare.
    let neighbour = member(name: pick(Self.names), value: value(nesting: 0))
    let data = member(name: "data", value: object(around: members()))
    switch Int.random(in: 0..<12, using: &random) {
    case 0: text += object(around: [neighbour, data])
    case 1: text += object(around: [data, neighbour])
    case 2: text += object(around: [data, data])
    case 3: text += value(nesting: 0)
    default: text += object(around: [data])
    }
    var body = Array((text + pick(Self.spaces)).utf8)
    if Bool.random(using: &random) {
      for _ in 0..<Int.random(in: 1...2, using: &random) {
        BodyMutation.change(&body, using: &random)
      }
    }
    return body
  }

  /// What an endpoint needs, and a few others.
  private mutating func members() -> [String] {
    var names = Bool.random(using: &random) ? ["ticketd_reserved", "reserved_time"] : ["tickets"]
    for _ in 0..<Int.random(in: 0...2, using: &random) { names.append(pick(Self.names)) }
    return names.shuffled(using: &random).map { name in
      member(name: name, value: usually ? good(for: name) : value(nesting: 0))
    }
  }

  /// A value of the member's own type.
  private mutating func good(for name: String) -> String {
    switch name {
    case "ticketd_reserved", "tickets":
      "["
        + (0..<Int.random(in: 1...4, using: &random)).map { _ in string() }
        .joined(separator: pick(Self.spaces) + ",") + "]"
    case "reserved_time": Bool.random(using: &random) ? "600" : pick(Self.numbers)
    case "details": pick(["true", "false"])
    default: string()
    }
  }

  private mutating func value(nesting: Int) -> String {
    switch Int.random(in: 0..<(nesting < 3 ? 8 : 6), using: &random) {
    case 0: pick(["true", "false", "null", "nul", ""])
    case 1, 2: pick(Self.numbers)
    case 6: "[" + value(nesting: nesting + 1) + pick(["]", ",]", ",1]", ""])
    case 7: object(around: [member(name: pick(Self.names), value: value(nesting: nesting + 1))])
    default: string()
    }
  }

  private mutating func string() -> String {
    // Most escapes would send the body to the decoder.
    usually
      ? "\"\(Self.texts[Int.random(in: 0..<10, using: &random)])\"" : "\"\(pick(Self.texts))\""
  }

  private mutating func member(name: String, value: String) -> String {
    "\(pick(Self.spaces))\"\(name)\"\(pick(Self.spaces)):\(pick(Self.spaces))\(value)"
  }

  private mutating func object(around members: [String]) -> String {
    "{" + members.joined(separator: ",") + pick(Self.spaces) + "}"
  }

  private var usually: Bool {
    mutating get { Int.random(in: 0..<10, using: &random) > 0 }
  }

  private mutating func pick(_ choices: [String]) -> String {
    choices[Int.random(in: 0..<choices.count, using: &random)]
  }
}
