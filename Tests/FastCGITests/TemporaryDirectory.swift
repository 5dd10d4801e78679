import Foundation

/// A short-named directory, removed with its last reference.
final class TemporaryDirectory: Sendable {
  let path: String

  init() throws {
    // A Unix socket's path has 107 bytes at most, and TMPDIR may be deep.
    let deepest = 60
    let parent = NSTemporaryDirectory()
    path =
      (parent.utf8.count <= deepest ? parent : "/tmp/")
      + "/hf." + String(UInt64.random(in: 0 ... .max), radix: 36)
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    // Whatever the mask is, which a listening socket changes for a moment.
    chmod(path, 0o755)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}
