/// The value of one member, as far as an endpoint or a message needs it.
enum ReceivedValue: Equatable {
  /// The member is not in the request.
  case nothing
  case null
  case bool(Bool)
  case number(Double)
  /// A number that JSON's grammar does not allow, or that overflows a double.
  case unreadableNumber
  case string(String)
  /// A string with a malformed escape, an unpaired surrogate or a raw control character.
  case unreadableString
  /// An array of strings only; also the empty array.
  case strings([String])
  /// An array with another element; the first such element.
  indirect case mixedArray(firstOther: ReceivedValue, index: Int)
  case object

  /// True when an optional member counts as not sent.
  var isAbsent: Bool {
    switch self {
    case .nothing, .null: true
    default: false
    }
  }

  /// How messages show it.
  var shown: String {
    switch self {
    case .bool(let value): value ? "true" : "false"
    case .number(let value): Self.numeral(value)
    case .string(let text): Quotation.of(text)
    default: kind
    }
  }

  /// How messages show it where the value is a secret, or may contain one.
  var kind: String {
    switch self {
    case .nothing: "nothing"
    case .null: "null"
    case .bool: "a boolean"
    case .number: "a number"
    case .unreadableNumber: "a number that is malformed or out of range"
    case .string: "a string"
    case .unreadableString: "a string with a malformed escape or a raw control character"
    case .strings, .mixedArray: "an array"
    case .object: "an object"
    }
  }

  /// A number without the `.0` that Swift prints after whole ones.
  static func numeral(_ value: Double) -> String {
    let text = "\(value)"
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }
}
