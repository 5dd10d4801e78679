private import FoundationEssentials
private import Glibc
internal import Logging

/// How log lines are written.
enum LogFormat: String, CaseIterable, Sendable {
  /// Text when standard error is a terminal, else JSON.
  case auto
  case json
  case text
}

/// Writes each event as one line on standard error, with one `write(2)`, so that lines never mix.
struct LineLogHandler: LogHandler {
  var metadata: Logger.Metadata = [:]
  var logLevel: Logger.Level
  private let writesJSON: Bool

  init(logLevel: Logger.Level, format: LogFormat) {
    self.logLevel = logLevel
    writesJSON = format == .json || format == .auto && isatty(STDERR_FILENO) == 0
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let details = metadata.merging(event.metadata ?? [:]) { $1 }
    var line = writesJSON ? jsonLine(event, details) : textLine(event, details)
    line.append("\n")
    line.withUTF8 { bytes in
      unsafe _ = write(STDERR_FILENO, bytes.baseAddress, bytes.count)
    }
  }

  private func jsonLine(_ event: LogEvent, _ details: Logger.Metadata) -> String {
    var members = details.mapValues { "\($0)" }
    members["time"] = Date.now.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    members["level"] = event.level.rawValue
    members["message"] = "\(event.message)"
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(members) else { return "{}" }
    return String(decoding: data, as: UTF8.self)
  }

  private func textLine(_ event: LogEvent, _ details: Logger.Metadata) -> String {
    let pairs = details.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }
    return "\(event.level.rawValue): \(event.message)\(pairs.joined())"
  }
}
