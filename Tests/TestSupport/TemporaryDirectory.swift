private import Foundation

/// A short-named directory that others may enter, removed with its last reference.
public final class TemporaryDirectory: Sendable {
  /// Where it is; short enough for the path of a Unix socket in it.
  public let path: String

  /// Creates an empty directory.
  public init() throws {
    // A Unix socket's path has 107 bytes at most, and TMPDIR may be deep.
    let deepest = 60
    let parent = NSTemporaryDirectory()
    path =
      (parent.utf8.count <= deepest ? parent : "/tmp/")
      + "/hf." + String(UInt64.random(in: 0 ... .max), radix: 36)
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    // Whatever the mask is: the server may run as another user.
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}
