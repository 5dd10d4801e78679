/// One setting: `HOLDFAST_<NAME>` in the environment, or the flag `--<name>`, which wins.
struct Setting: Sendable {
  /// What values a setting takes.
  enum Kind: Sendable {
    case integer(ClosedRange<Int>)

    /// Written `5s`, `250ms`, `2m`; a bare number is in seconds. The range is in milliseconds.
    case duration(ClosedRange<Int>)
    case octal(ClosedRange<Int>)
    case choice([String])
    case boolean
    case text(String)
  }

  /// The flag's name without dashes in front.
  let name: String
  let kind: Kind
  let defaultText: String
  let purpose: String

  init(_ name: String, _ kind: Kind, default defaultText: String, _ purpose: String) {
    self.name = name
    self.kind = kind
    self.defaultText = defaultText
    self.purpose = purpose
  }

  var environmentName: String {
    "HOLDFAST_" + name.uppercased().replacing("-", with: "_")
  }

  /// The values that are allowed, for a person.
  var expectation: String {
    switch kind {
    case .integer(let range): "a whole number from \(range.lowerBound) to \(range.upperBound)"
    case .duration(let range):
      "a time from \(Duration.text(range.lowerBound)) to \(Duration.text(range.upperBound))"
    case .octal: "an octal number from 0 to 0777"
    case .choice(let choices): choices.joined(separator: ", ")
    case .boolean: "true or false"
    case .text(let form): form
    }
  }
}

/// Times as settings spell them.
enum Duration {
  private static let units = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000)]

  /// Milliseconds, as `5s`, `250ms`, `2m`, `1h`.
  static func text(_ milliseconds: Int) -> String {
    let fitting = units.last { milliseconds % $0.1 == 0 && milliseconds >= $0.1 } ?? ("s", 1000)
    return "\(milliseconds / fitting.1)\(fitting.0)"
  }

  /// The milliseconds that a text spells; nil if it spells none.
  static func milliseconds(_ text: String) -> Int? {
    let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    let suffix = text.dropFirst(digits.count)
    let factor = suffix.isEmpty ? 1000 : units.first { $0.0 == suffix }?.1
    guard let factor, let number = Double(digits), number < 1e9 else { return nil }
    return Int((number * Double(factor)).rounded())
  }
}
