/// A setting that cannot be used: its name, what is allowed, and what it was.
struct SettingError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }

  init(_ setting: Setting, source: String, value: String) {
    description = "\(source): expected \(setting.expectation), got \"\(value)\""
  }
}
