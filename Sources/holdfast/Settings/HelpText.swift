/// The part of `holdfast serve --help` that is made from the settings' declarations.
enum HelpText {
  /// ArgumentParser breaks lines of more than 79 once more, and without indentation.
  private static let columns = 79

  /// All settings with their defaults, and what names the database.
  static var settings: String {
    // Without flags and environment, only a mistake in the declarations could fail.
    guard let settings = try? ServiceSettings(flags: [], environment: [:]) else {
      preconditionFailure("the settings' defaults contradict each other")
    }
    let lines = settings.declarations.flatMap { setting in
      let text = "\(setting.environmentName), default \(setting.defaultText): \(setting.purpose)"
      return [
        wrapped("\(setting.flag) <\(setting.expectation)>", indent: 2, hanging: 6),
        wrapped(text, indent: 6, hanging: 6),
      ]
    }
    return """
      SETTINGS, each a flag or an environment variable; the flag wins:
      \(lines.joined(separator: "\n"))

      DATABASE:
      \(wrapped(DatabaseOptions.help, indent: 2, hanging: 2))
      """
  }

  /// Breaks a text between words; lines after the first have the indentation `hanging`.
  static func wrapped(_ text: String, indent: Int, hanging: Int) -> String {
    var lines: [String] = []
    var line = String(repeating: " ", count: indent)
    var isEmpty = true
    for word in text.split(separator: " ") {
      if !isEmpty, line.count + 1 + word.count > columns {
        lines.append(line)
        line = String(repeating: " ", count: hanging)
        isEmpty = true
      }
      line += isEmpty ? word : " " + word
      isEmpty = false
    }
    return (lines + [line]).joined(separator: "\n")
  }
}
