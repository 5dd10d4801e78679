private import Glibc

/// How log lines are written.
enum LogFormat: Sendable {
  case json
  case text

  /// `auto` is text when standard error is a terminal.
  init(_ setting: String) {
    switch setting {
    case "json": self = .json
    case "text": self = .text
    default: self = isatty(STDERR_FILENO) == 1 ? .text : .json
    }
  }
}
