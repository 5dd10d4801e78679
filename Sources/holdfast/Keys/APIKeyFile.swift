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
    var keys: APIKeys
    var version: Version
    var nextCheck: Instant
  }

  /// What differs once a file has been written or replaced, or may be read by others (`stat(2)`).
  private struct Version: Equatable {
    var device: UInt
    var inode: UInt

    /// When its content, owner or permissions were last changed.
    var seconds: Int
    var nanoseconds: Int
  }

  /// Reads the file.
  ///
  /// - Parameter report: Told of each later reading, on the thread of a request.
  init(
    path: String, report: @escaping @Sendable (Event) -> Void
  ) throws(SettingError) {
    self.path = path
    self.report = report
    do throws(ReadingError) {
      let version = try Self.version(of: path)
      state = Monitor(
        State(keys: try Self.read(path), version: version, nextCheck: Self.nextCheck))
    } catch {
      throw SettingError("HOLDFAST_API_KEYS_FILE: \(path): \(error.reason)")
    }
  }

  /// The keys; a change of the file counts within a second.
  func current() -> APIKeys {
    let (isDue, known) = state.withLock { state in
      let isDue = Instant.now >= state.nextCheck
      if isDue { state.nextCheck = Self.nextCheck }
      return (isDue, (keys: state.keys, version: state.version))
    }
    return isDue ? readAgain(unlessStill: known.version) ?? known.keys : known.keys
  }

  /// The new keys; nil if the file is as it was or cannot be used.
  private func readAgain(unlessStill known: Version) -> APIKeys? {
    do throws(ReadingError) {
      let version = try Self.version(of: path)
      guard version != known else { return nil }
      // A version that cannot be used is not tried, and not complained of, a second time.
      state.withLock { $0.version = version }
      let keys = try Self.read(path)
      state.withLock { $0.keys = keys }
      report(.read(keys: keys.count))
      return keys
    } catch {
      report(.failed(reason: "\(path): \(error.reason)"))
      return nil
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
      device: status.st_dev, inode: status.st_ino, seconds: status.st_ctim.tv_sec,
      nanoseconds: status.st_ctim.tv_nsec)
  }

  private static func read(_ path: String) throws(ReadingError) -> APIKeys {
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
      throw ReadingError(reason: "expected a file of text that the service may read")
    }
    do {
      return try APIKeys(text: text)
    } catch {
      throw ReadingError(reason: error.description)
    }
  }
}
