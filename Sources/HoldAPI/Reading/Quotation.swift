/// Text sent by the caller, as a message shows it: short, on one line, and without invisible
/// characters.
enum Quotation {
  private static let maximumCharacters = 40

  /// Bounds the quotation even where single characters are very long.
  private static let maximumBytes = 160

  /// The text in quotes; with its length when it is truncated.
  static func of(_ text: String) -> String {
    var quoted = "\""
    var bytes = 0
    for (index, character) in text.enumerated() {
      bytes += character.utf8.count
      if index == maximumCharacters || bytes > maximumBytes {
        return quoted + "...\" (\(text.utf8.count) bytes)"
      }
      for scalar in character.unicodeScalars { append(scalar, to: &quoted) }
    }
    return quoted + "\""
  }

  private static func append(_ scalar: Unicode.Scalar, to quoted: inout String) {
    switch scalar {
    case "\"": quoted += "\\\""
    case "\\": quoted += "\\\\"
    case "\n": quoted += "\\n"
    case "\r": quoted += "\\r"
    case "\t": quoted += "\\t"
    default:
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator:
        let digits = String(scalar.value, radix: 16)
        quoted += "\\u" + String(repeating: "0", count: max(0, 4 - digits.utf8.count)) + digits
      default: quoted.unicodeScalars.append(scalar)
      }
    }
  }
}
