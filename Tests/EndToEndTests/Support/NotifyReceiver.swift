import Foundation

/// A service manager's end of `NOTIFY_SOCKET`: a datagram socket that keeps all that it gets.
final class NotifyReceiver {
  /// The value of `NOTIFY_SOCKET`.
  let name: String

  private let descriptor: Int32
  private let directory: TemporaryDirectory
  private var datagrams: [String] = []

  init(isAbstract: Bool = false) throws {
    directory = try TemporaryDirectory()
    name = isAbstract ? "@holdfast-test-\(UInt64.random(in: 0 ... .max))" : directory.path + "/n"
    descriptor = socket(
      AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array((isAbstract ? "\0" + name.dropFirst() : name).utf8)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    let length = socklen_t(2 + bytes.count)
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
    }
    guard result == 0 else { throw Failure(errno: "bind \(name)") }
  }

  deinit { close(descriptor) }

  /// All datagrams so far.
  var received: [String] {
    var buffer = [UInt8](repeating: 0, count: 4096)
    while case let count = recv(descriptor, &buffer, buffer.count, 0), count >= 0 {
      datagrams.append(String(decoding: buffer.prefix(count), as: UTF8.self))
    }
    return datagrams
  }

  /// Waits until one of the lines received begins with `text`.
  func waitFor(_ text: String) throws {
    try Clock.wait("the service says \(text)") {
      received.contains { $0.split(separator: "\n").contains { $0.hasPrefix(text) } }
    }
  }
}
