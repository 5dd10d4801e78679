internal import Logging

/// Has each event written as one line.
struct LineLogHandler: LogHandler {
  var metadata: Logger.Metadata = [:]
  var logLevel: Logger.Level
  private let writer: LogWriter

  init(logLevel: Logger.Level, to writer: LogWriter) {
    self.logLevel = logLevel
    self.writer = writer
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let details = metadata.merging(event.metadata ?? [:]) { $1 }
    writer.write(LogLine(level: event.level, message: "\(event.message)", details: details))
  }
}
