private import Glibc

/// The service manager's socket, to which a service writes how it is (`sd_notify(3)`).
struct NotifySocket: Sendable {
  private let descriptor: Int32
  private let path: String

  /// Opens the socket that `NOTIFY_SOCKET` names: a path, or an abstract name that begins with `@`
  /// (`unix(7)`).
  ///
  /// - Returns: nil if no service manager asks to be told.
  /// - Throws: An error if the name cannot be one.
  init?(environment: [String: String]) throws(SettingError) {
    guard let path = environment["NOTIFY_SOCKET"], !path.isEmpty else { return nil }
    guard path.hasPrefix("/") || path.hasPrefix("@"), (2...107).contains(path.utf8.count) else {
      throw SettingError(
        "NOTIFY_SOCKET: expected a path or @name of at most 107 bytes, got \"\(path)\"")
    }
    self.path = path
    descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw SettingError("NOTIFY_SOCKET: no socket can be made") }
    // A service manager that does not read must not hold up the service for long.
    var limit = timeval(tv_sec: 1, tv_usec: 0)
    unsafe setsockopt(
      descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
  }

  /// Sends assignments such as `READY=1`, in one datagram; what cannot be sent is lost.
  func send(_ assignments: String...) {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    var name = Array(path.utf8)
    if name[0] == UInt8(ascii: "@") { name[0] = 0 }
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: name) }
    // The length ends an abstract name: a zero byte would be a part of it.
    let length = socklen_t(MemoryLayout<sockaddr_un>.offset(of: \.sun_path)! + name.count)
    let text = Array(assignments.joined(separator: "\n").utf8)
    unsafe withUnsafePointer(to: address) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        unsafe text.withUnsafeBytes { bytes in
          unsafe _ = sendto(
            descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL), pointer,
            length)
        }
      }
    }
  }
}
