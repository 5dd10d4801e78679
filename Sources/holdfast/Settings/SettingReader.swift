/// A setting that cannot be used: its name, what is allowed, and what it was.
struct SettingError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}

/// What a setting is called and what it is for: the source of `--help`.
struct SettingDeclaration: Sendable {
  /// The flag's name without its dashes.
  let name: String

  /// The values that are allowed, for a person.
  let expectation: String
  let defaultText: String
  let purpose: String

  var flag: String { "--" + name }

  var environmentName: String { "HOLDFAST_" + name.uppercased().replacing("-", with: "_") }
}

/// Reads each setting where it is declared: from its flag, else its environment variable, else its
/// default.
///
/// A reader without flags and environment gives the defaults and collects the declarations.
struct SettingReader {
  private(set) var declarations: [SettingDeclaration] = []
  private let environment: [String: String]

  /// By name with dashes; nil where the value is missing.
  private var flags: [String: String?] = [:]

  /// - Parameters:
  ///   - flags: `--name value` or `--name=value`, in turn.
  ///   - environment: The process's environment.
  init(flags arguments: [String], environment: [String: String]) throws(SettingError) {
    self.environment = environment
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      guard argument.hasPrefix("--") else { throw Self.unknown(argument) }
      let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let value = parts.count == 2 ? String(parts[1]) : rest.popFirst()
      flags.updateValue(value, forKey: String(parts[0]))
    }
  }

  /// Declares a setting and reads it.
  mutating func read<Value>(
    _ name: String, _ form: SettingForm<Value>, default value: Value, _ purpose: String
  ) throws(SettingError) -> Value {
    try readIfGiven(name, form, default: value, purpose) ?? value
  }

  /// Declares a setting and reads it; nil if neither flag nor variable gives it.
  mutating func readIfGiven<Value>(
    _ name: String, _ form: SettingForm<Value>, default value: Value, _ purpose: String
  ) throws(SettingError) -> Value? {
    let setting = SettingDeclaration(
      name: name, expectation: form.expectation, defaultText: form.write(value), purpose: purpose)
    declarations.append(setting)
    var given: Value?
    if let text = environment[setting.environmentName] {
      given = try form.value(of: text, from: setting.environmentName)
    }
    if let flag = flags.removeValue(forKey: setting.flag) {
      guard let text = flag else {
        throw SettingError("\(setting.flag): expected \(form.expectation), got nothing")
      }
      given = try form.value(of: text, from: setting.flag)
    }
    return given
  }

  /// Refuses flags that no declaration has taken. To be called after the last `read`.
  func finish() throws(SettingError) {
    if let flag = flags.keys.min() { throw Self.unknown(flag) }
  }

  private static func unknown(_ argument: String) -> SettingError {
    SettingError("\(argument): there is no such setting; see holdfast serve --help")
  }
}
