private import FoundationEssentials
internal import Logging

/// How log lines are written.
enum LogFormat: String, CaseIterable, Sendable {
  /// Text when standard error is a terminal, else JSON.
  case auto
  case json
  case text
}

/// An event as the log shows it.
struct LogLine {
  let level: Logger.Level
  let message: String
  let details: Logger.Metadata

  /// One object, with the time.
  var json: String {
    var members = details.mapValues { "\($0)" }
    members["time"] = Date.now.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    members["level"] = level.rawValue
    members["message"] = message
    return JSONLine.text(members)
  }

  var text: String {
    let pairs = details.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }
    return "\(level.rawValue): \(message)\(pairs.joined())"
  }
}
