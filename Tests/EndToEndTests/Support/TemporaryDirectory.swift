import Foundation

/// A directory that goes with its last reference; others may enter it, as the parts of a site do.
final class TemporaryDirectory {
  let path: String

  init() throws {
    var template = Array((NSTemporaryDirectory() + "/e2e.XXXXXX").utf8CString)
    guard mkdtemp(&template) != nil else { throw Failure(errno: "mkdtemp") }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    chmod(path, 0o755)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}
