import Foundation

/// A connected stream socket, closed when its last reference goes. Never inherited by children.
final class Socket {
  let descriptor: Int32

  /// Connects to a Unix socket.
  init(path: String) throws {
    descriptor = Self.make(AF_UNIX)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    try connect(to: &address, called: path)
  }

  /// Connects to a port of this machine.
  init(port: Int) throws {
    descriptor = Self.make(AF_INET)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
    try connect(to: &address, called: "port \(port)")
    var on: Int32 = 1
    setsockopt(
      descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
  }

  deinit { close(descriptor) }

  /// Past it, a read fails.
  func setReadTimeout(seconds: Int) {
    var time = timeval(tv_sec: seconds, tv_usec: 0)
    setsockopt(
      descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
  }

  func write(_ bytes: some Collection<UInt8>) throws {
    var rest = Array(bytes)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes {
        send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw Failure(errno: "send") }
      rest.removeFirst(count)
    }
  }

  /// Ends the stream to the peer; what it answers can still be read.
  func endWriting() throws {
    guard shutdown(descriptor, Int32(SHUT_WR)) == 0 else { throw Failure(errno: "shutdown") }
  }

  /// Some bytes; none at the end of the stream.
  func read(atMost limit: Int = 65_536) throws -> [UInt8] {
    var failed = false
    let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
      var received: Int
      // A process that was stopped is interrupted as it goes on.
      repeat {
        received = recv(descriptor, buffer.baseAddress, limit, 0)
      } while received < 0 && errno == EINTR
      failed = received < 0
      count = max(received, 0)
    }
    guard !failed else { throw Failure(errno: "recv") }
    return bytes
  }

  /// Exactly so many bytes.
  func read(exactly count: Int) throws -> [UInt8] {
    var bytes: [UInt8] = []
    while bytes.count < count {
      let more = try read(atMost: count - bytes.count)
      guard !more.isEmpty else { throw Failure("the stream ended") }
      bytes += more
    }
    return bytes
  }

  private static func make(_ family: Int32) -> Int32 {
    socket(family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
  }

  private func connect<Address>(to address: inout Address, called name: String) throws {
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<Address>.size))
      }
    }
    guard result == 0 else { throw Failure(errno: "connect to \(name)") }
  }
}
