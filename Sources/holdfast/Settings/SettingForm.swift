internal import FastCGI
internal import Holds

/// How the values of a setting are written: what is allowed, for a person, and how text is read.
struct SettingForm<Value>: Sendable {
  let expectation: String
  let read: @Sendable (String) -> Value?
  let write: @Sendable (Value) -> String

  /// Reads a value.
  ///
  /// - Parameter source: The flag or variable that holds the text, for the error.
  func value(of text: String, from source: String) throws(SettingError) -> Value {
    guard let value = read(text) else {
      throw SettingError("\(source): expected \(expectation), got \"\(text)\"")
    }
    return value
  }
}

extension SettingForm where Value == Int {
  static func integer(_ range: ClosedRange<Int>) -> Self {
    Self(
      expectation: "a whole number from \(range.lowerBound) to \(range.upperBound)",
      read: { Int($0).flatMap { range.contains($0) ? $0 : nil } }, write: { String($0) })
  }

  /// Milliseconds, written `5s`, `250ms`, `2m`; a bare number is in seconds.
  static func time(_ range: ClosedRange<Int>) -> Self {
    Self(
      expectation:
        "a time from \(TimeText.text(range.lowerBound)) to \(TimeText.text(range.upperBound))",
      read: { TimeText.milliseconds($0).flatMap { range.contains($0) ? $0 : nil } },
      write: { TimeText.text($0) })
  }
}

extension SettingForm where Value == UInt32 {
  static var permissions: Self {
    Self(
      expectation: "an octal number from 0 to 0777",
      read: { UInt32($0, radix: 8).flatMap { $0 <= 0o777 ? $0 : nil } },
      write: { "0" + String($0, radix: 8) })
  }
}

extension SettingForm where Value == String? {
  /// A file that need not be given.
  static var optionalPath: Self {
    Self(
      expectation: "an absolute path, or none",
      read: { $0 == "none" ? .some(nil) : $0.hasPrefix("/") ? .some($0) : nil },
      write: { $0 ?? "none" })
  }
}

extension SettingForm where Value == ShardKey? {
  static var shardKey: Self {
    Self(
      expectation: "off, " + ShardKey.expectation,
      read: { $0 == "off" ? .some(nil) : ShardKey($0).map { .some($0) } },
      write: { $0?.text ?? "off" })
  }
}

extension SettingForm where Value == Bool {
  static var boolean: Self {
    Self(expectation: "true or false", read: { Bool($0) }, write: { String($0) })
  }
}

extension SettingForm where Value == ListenAddress {
  static var listenAddress: Self {
    Self(
      expectation: "a path of at most 107 bytes, host:port or fd:number",
      read: { ListenAddress($0) }, write: { $0.description })
  }
}

extension SettingForm
where Value: CaseIterable & RawRepresentable & Sendable, Value.RawValue == String {
  static var choice: Self {
    Self(
      expectation: Value.allCases.map(\.rawValue).joined(separator: ", "),
      read: { Value(rawValue: $0) }, write: { $0.rawValue })
  }
}

/// Times as settings spell them.
enum TimeText {
  private static let units = [
    ("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000),
  ]

  /// Milliseconds, as `5s`, `250ms`, `2m`, `1h`, `30d`.
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
