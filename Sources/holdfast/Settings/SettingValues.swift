/// The values of all settings, checked: from flags, else the environment, else the defaults.
struct SettingValues {
  private var texts: [String: String] = [:]
  private var given: Set<String> = []

  /// - Parameters:
  ///   - flags: `--name value` or `--name=value`, in turn.
  ///   - environment: The process's environment.
  init(flags: [String], environment: [String: String]) throws(SettingError) {
    for setting in Setting.table {
      let value = environment[setting.environmentName]
      texts[setting.name] = value ?? setting.defaultText
      if let value {
        given.insert(setting.name)
        try Self.check(setting, source: setting.environmentName, value: value)
      }
    }
    var rest = flags[...]
    while let flag = rest.popFirst() {
      let parts = flag.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard flag.hasPrefix("--"),
        let setting = Setting.table.first(where: { "--" + $0.name == parts[0] })
      else {
        throw SettingError("\(flag): there is no such setting; see holdfast serve --help")
      }
      guard let value = parts.count == 2 ? String(parts[1]) : rest.popFirst() else {
        throw SettingError("\(flag): expected \(setting.expectation), got nothing")
      }
      try Self.check(setting, source: "--\(setting.name)", value: value)
      texts[setting.name] = value
      given.insert(setting.name)
    }
  }

  /// True when the setting was given, and is not just the default.
  func isGiven(_ name: String) -> Bool { given.contains(name) }

  func text(_ name: String) -> String {
    guard let text = texts[name] else { preconditionFailure("no setting is named \(name)") }
    return text
  }

  func integer(_ name: String) -> Int { Int(text(name)) ?? 0 }

  func octal(_ name: String) -> UInt32 { UInt32(text(name), radix: 8) ?? 0 }

  func boolean(_ name: String) -> Bool { text(name) == "true" }

  func milliseconds(_ name: String) -> Int { Duration.milliseconds(text(name)) ?? 0 }

  private static func check(_ setting: Setting, source: String, value: String)
    throws(SettingError)
  {
    let isAllowed: Bool
    switch setting.kind {
    case .integer(let range): isAllowed = Int(value).map(range.contains) ?? false
    case .octal(let range): isAllowed = Int(value, radix: 8).map(range.contains) ?? false
    case .duration(let range):
      isAllowed = Duration.milliseconds(value).map(range.contains) ?? false
    case .choice(let choices): isAllowed = choices.contains(value)
    case .boolean: isAllowed = value == "true" || value == "false"
    case .text: isAllowed = !value.isEmpty
    }
    guard isAllowed else { throw SettingError(setting, source: source, value: value) }
  }
}
