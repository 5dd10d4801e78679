private import FoundationEssentials
private import Glibc
internal import HoldAPI
private import Threads

/// The file of the callers' keys, which is read again when it has changed.
///
/// Hashes are all that it holds. A file that cannot be used leaves the keys as they are.
final class APIKeyFile: Sendable {
  /// What reading the file came to, for the log.
  enum Event {
    case read(keys: Int)
    case failed(reason: String)
  }

  private static let checkIntervalMilliseconds = 1000
  private static let maximumBytes = 1_048_576

  private let path: String
  private let report: @Sendable (Event) -> Void
  private let state: Monitor<State>

  private struct State {
    var text: String
    var keys: APIKeys

    /// Of the file whose text was read; nil as long as the text may change without another version.
    var version: Version?

    /// Why the last reading failed; nil if it did not.
    var failure: String?
    var nextCheck: Instant
  }

  /// What differs once a file has been written or replaced, or may be read by others (`stat(2)`).
  private struct Version: Equatable {
    var device: UInt
    var inode: UInt
    var bytes: Int

    /// When its content, owner or permissions were last changed.
    var seconds: Int
    var nanoseconds: Int

    /// Nil if it was changed so lately that another change may have the same time.
    var ifFinal: Version? { seconds + 1 < Int(Date.now.timeIntervalSince1970) ? self : nil }
  }

  /// Reads the file.
  ///
  /// - Parameter report: Told of each later reading of new keys, and of a failure once, on the thread of a
  ///   request.
  init(
    path: String, report: @escaping @Sendable (Event) -> Void
  ) throws(SettingError) {
    self.path = path
    self.report = report
    do throws(ReadingError) {
      let version = try Self.version(of: path).ifFinal
      let text = try Self.read(path)
      state = Monitor(
        State(
          text: text, keys: try Self.keys(text), version: version, nextCheck: Self.nextCheck))
    } catch {
      throw SettingError("HOLDFAST_API_KEYS_FILE: \(path): \(error.reason)")
    }
  }

  /// The keys; a change of the file counts within a second.
  func current() -> APIKeys {
    let due = state.withLock { state -> State? in
      guard Instant.now >= state.nextCheck else { return nil }
      state.nextCheck = Self.nextCheck
      return state
    }
    if let due { readAgain(known: due) }
    return state.withLock { $0.keys }
  }

  /// Takes over the keys of a file that has changed, or says why it cannot. It is tried at the next check, too.
  private func readAgain(known: State) {
    do throws(ReadingError) {
      let version = try Self.version(of: path)
      if version == known.version {
        return state.withLock { $0.failure = nil }
      }
      let final = version.ifFinal
      let text = try Self.read(path)
      let keys = text == known.text ? known.keys : try Self.keys(text)
      state.withLock { state in
        (state.text, state.keys) = (text, keys)
        (state.version, state.failure) = (final, nil)
      }
      if text != known.text { report(.read(keys: keys.count)) }
    } catch {
      state.withLock { $0.failure = error.reason }
      if error.reason != known.failure { report(.failed(reason: "\(path): \(error.reason)")) }
    }
  }

  private static var nextCheck: Instant {
    .now.advanced(byMilliseconds: checkIntervalMilliseconds)
  }

  private struct ReadingError: Error {
    let reason: String
  }

  /// Before the file is read, so that what is written meanwhile is a newer version.
  private static func version(of path: String) throws(ReadingError) -> Version {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else {
      throw ReadingError(reason: unsafe String(cString: strerror(errno)))
    }
    guard status.st_mode & S_IFMT == S_IFREG, status.st_size <= maximumBytes else {
      throw ReadingError(reason: "expected a regular file of at most \(maximumBytes) bytes")
    }
    return Version(
      device: status.st_dev, inode: status.st_ino, bytes: status.st_size,
      seconds: status.st_ctim.tv_sec, nanoseconds: status.st_ctim.tv_nsec)
  }

  private static func read(_ path: String) throws(ReadingError) -> String {
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
      throw ReadingError(reason: "expected a file of text that the service may read")
    }
    return text
  }

  private static func keys(_ text: String) throws(ReadingError) -> APIKeys {
    do {
      return try APIKeys(text: text)
    } catch {
      throw ReadingError(reason: error.description)
    }
  }
}
