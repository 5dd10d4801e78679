private import Glibc
internal import Threads

/// Writes log lines on standard error, each with one `write(2)`, so that lines never mix.
///
/// A thread of its own does it: a reader of the log that stops reading holds up nobody else. What comes
/// while too much waits is lost, and the log tells how much once it is read again.
final class LogWriter: Sendable {
  private struct State {
    var waiting: [String] = []

    /// Of these lines, and of those that are being written.
    var waitingBytes = 0

    /// Since the log last told of them.
    var lostLines = 0
    var isWriting = false
    var isIdle: Bool { waiting.isEmpty && lostLines == 0 && !isWriting }
  }

  /// How many lines have been lost.
  let lost = Counter()

  private let writesJSON: Bool
  private let queueBytes: Int
  private let state = Monitor(State())

  /// Starts the thread, which ends with the process.
  ///
  /// - Parameter queueBytes: How much may wait for the log's reader.
  init(format: LogFormat, queueBytes: Int) {
    writesJSON = format == .json || format == .auto && isatty(STDERR_FILENO) == 0
    self.queueBytes = queueBytes
    _ = WorkerThread { [self] in
      while true { writeWhatWaits() }
    }
  }

  func write(_ line: LogLine) {
    let text = text(of: line)
    let bytes = text.utf8.count
    let isTaken = state.withLock { state in
      guard state.waitingBytes + bytes <= queueBytes else {
        state.lostLines += 1
        return false
      }
      state.waiting.append(text)
      state.waitingBytes += bytes
      return true
    }
    if isTaken { state.broadcast() } else { lost.add() }
  }

  /// Waits until all is written, for a bounded time.
  func flush() {
    let deadline = Instant.now.advanced(byMilliseconds: 500)
    _ = state.wait(until: deadline) { $0.isIdle ? true : nil }
  }

  private func writeWhatWaits() {
    let next: ([String], Int)? = state.wait(until: nil) { state in
      guard !state.waiting.isEmpty || state.lostLines > 0 else { return nil }
      defer {
        state.waiting = []
        state.lostLines = 0
      }
      state.isWriting = true
      return (state.waiting, state.lostLines)
    }
    guard let (lines, lostLines) = next else { return }
    for line in lines {
      write(line)
      state.withLock { $0.waitingBytes -= line.utf8.count }
    }
    if lostLines > 0 {
      write(
        text(
          of: LogLine(
            level: .warning, message: "log lines lost", details: ["lines": "\(lostLines)"])))
    }
    state.withLock { $0.isWriting = false }
    state.broadcast()
  }

  private func text(of line: LogLine) -> String { (writesJSON ? line.json : line.text) + "\n" }

  private func write(_ line: String) {
    var line = line
    let written = line.withUTF8 { bytes in
      unsafe Glibc.write(STDERR_FILENO, bytes.baseAddress, bytes.count)
    }
    // Whoever shares standard error may have made it non-blocking.
    if written < 0 { lost.add() }
  }
}
