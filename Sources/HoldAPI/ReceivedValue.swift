/// What came in place of a member, as far as a message tells it.
indirect enum ReceivedValue: Equatable {
  case nothing
  case null
  case bool(Bool)
  case number(Double)
  /// Not a number of JSON's, or not one that a double can hold.
  case unreadableNumber
  case string(String)
  /// With an escape that is none, or half of a surrogate pair.
  case unreadableString
  /// With its first element that is not a string, if there is one.
  case array(firstOther: Element?)
  case object

  /// An element of an array.
  struct Element: Equatable {
    var index: Int
    var value: ReceivedValue
  }

  /// True when an optional member counts as not sent.
  var isAbsent: Bool { self == .nothing || self == .null }

  /// How messages show it.
  var shown: String {
    switch self {
    case .bool(let value): value ? "true" : "false"
    case .number(let value): Self.numeral(value)
    case .string(let text): Quotation.of(text)
    default: kind
    }
  }

  /// How messages show it where the value is a secret, or may hold one.
  var kind: String {
    switch self {
    case .nothing: "nothing"
    case .null: "null"
    case .bool: "a boolean"
    case .number: "a number"
    case .unreadableNumber: "a number that is malformed or out of range"
    case .string: "a string"
    case .unreadableString: "a string with a malformed escape"
    case .array: "an array"
    case .object: "an object"
    }
  }

  /// A number without the `.0` that Swift gives to whole ones.
  static func numeral(_ value: Double) -> String {
    let text = "\(value)"
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }
}
