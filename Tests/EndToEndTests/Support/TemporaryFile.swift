import Foundation
import TestSupport

/// A file without a name, for a child's output.
final class TemporaryFile {
  let descriptor: Int32

  init() throws {
    var template = Array((NSTemporaryDirectory() + "/e2e.XXXXXX").utf8CString)
    descriptor = mkstemp(&template)
    guard descriptor >= 0 else { throw Failure(errno: "mkstemp") }
    unlink(&template)
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
  }

  deinit { close(descriptor) }

  /// What has been written to it so far.
  var text: String {
    var bytes = [UInt8](repeating: 0, count: Int(lseek(descriptor, 0, SEEK_END)))
    let count = pread(descriptor, &bytes, bytes.count, 0)
    return String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self)
  }
}
