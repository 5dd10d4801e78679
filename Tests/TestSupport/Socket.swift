private import Glibc

/// A socket, closed with its last reference; children do not inherit it.
public final class Socket: Sendable {
  /// For what there is no method for.
  public let descriptor: Int32

  /// Takes over a descriptor.
  public init(owning descriptor: Int32) { self.descriptor = descriptor }

  private convenience init(_ family: Int32, isDatagram: Bool = false) {
    let kind = isDatagram ? SOCK_DGRAM : SOCK_STREAM
    self.init(owning: socket(family, Int32(kind.rawValue | SOCK_CLOEXEC.rawValue), 0))
  }

  /// Connects to a Unix socket.
  ///
  /// - Parameter timeoutSeconds: How long a read or a write may take: whatever the machine's load,
  ///   past it an answer is missing. 0 for as long as it takes.
  public convenience init(path: String, timeoutSeconds: Int = 60) throws {
    self.init(AF_UNIX)
    try unsafe pass(path, to: connect)
    setTimeout(seconds: timeoutSeconds)
  }

  /// Connects to a port of this machine.
  public convenience init(port: Int) throws {
    self.init(AF_INET)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
    try unsafe pass(address, called: "port \(port)", to: connect)
    setTimeout(seconds: 60)
    var on: Int32 = 1
    unsafe setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, 4)
  }

  /// Has a path, which begins with a NUL if it is abstract (`unix(7)`), and does not listen.
  public convenience init(boundTo path: String, isDatagram: Bool = false) throws {
    self.init(AF_UNIX, isDatagram: isDatagram)
    try unsafe pass(path, to: bind)
  }

  /// Takes connections at a path.
  public convenience init(listeningOn path: String) throws {
    try self.init(boundTo: path)
    try beginListening()
  }

  /// Takes connections at a free port, as `listen(2)` chooses one without a bind.
  public static func listeningOnFreePort() throws -> Socket {
    let socket = Socket(AF_INET)
    try socket.beginListening()
    return socket
  }

  deinit { close(descriptor) }

  /// The port that it has.
  public var port: Int { Self.port(of: descriptor) }

  /// The port that a TCP socket has.
  public static func port(of descriptor: Int32) -> Int {
    var address = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    unsafe withUnsafeMutablePointer(to: &address) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        _ = unsafe getsockname(descriptor, $0, &length)
      }
    }
    return Int(in_port_t(bigEndian: address.sin_port))
  }

  /// Waits for the next connection.
  public func accept() throws -> Socket {
    let accepted = Glibc.accept(descriptor, nil, nil)
    guard accepted >= 0 else { throw Failure(errno: "accept") }
    _ = fcntl(accepted, F_SETFD, FD_CLOEXEC)
    return Socket(owning: accepted)
  }

  /// Writes all of it.
  public func write(_ bytes: some Collection<UInt8>) throws {
    var rest = Array(bytes)[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes {
        unsafe send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw Failure(errno: "send") }
      rest.removeFirst(count)
    }
  }

  /// Ends the stream to the peer; what it answers can still be read.
  public func endWriting() { shutdown(descriptor, Int32(SHUT_WR)) }

  /// Ends the streams to and from the peer, and wakes whoever waits for them.
  public func end() { shutdown(descriptor, Int32(SHUT_RDWR)) }

  /// Some bytes; none at the end of the stream.
  public func read(atMost limit: Int = 65_536) throws -> [UInt8] {
    var failed = false
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
      var received: Int
      // A process that was stopped is interrupted as it goes on.
      repeat {
        received = unsafe recv(descriptor, buffer.baseAddress, limit, 0)
      } while received < 0 && errno == EINTR
      failed = received < 0
      count = max(received, 0)
    }
    guard !failed else { throw Failure(errno: "recv") }
    return bytes
  }

  /// Whether the peer has closed the stream by now; what it may have sent is dropped.
  public var isClosed: Bool {
    var dropped = [UInt8](repeating: 0, count: 4096)
    var count: Int
    repeat {
      count = unsafe recv(descriptor, &dropped, dropped.count, Int32(MSG_DONTWAIT))
    } while count > 0
    return count == 0 || errno != EAGAIN
  }

  /// Exactly so many bytes.
  public func read(exactly count: Int) throws -> [UInt8] {
    var bytes: [UInt8] = []
    while bytes.count < count {
      let more = try read(atMost: count - bytes.count)
      guard !more.isEmpty else { throw Failure("the stream ended") }
      bytes += more
    }
    return bytes
  }

  private func setTimeout(seconds: Int) {
    var time = timeval(tv_sec: seconds, tv_usec: 0)
    let size = socklen_t(MemoryLayout<timeval>.size)
    unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, size)
    unsafe setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &time, size)
  }

  private func beginListening() throws {
    guard listen(descriptor, 128) == 0 else { throw Failure(errno: "listen") }
  }

  /// Passes a Unix socket's address to `connect` or `bind`.
  private func pass(
    _ path: String, to call: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Int32
  ) throws {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    unsafe withUnsafeMutableBytes(of: &address.sun_path) {
      unsafe $0.copyBytes(from: path.utf8)
    }
    // An abstract name is as long as its address says.
    let bytes = MemoryLayout<sa_family_t>.size + path.utf8.count
    try unsafe pass(address, bytes: bytes, called: path, to: call)
  }

  private func pass<Address>(
    _ address: Address, bytes: Int = MemoryLayout<Address>.size, called name: String,
    to call: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Int32
  ) throws {
    let result = unsafe withUnsafeBytes(of: address) {
      unsafe call(
        descriptor, $0.baseAddress!.assumingMemoryBound(to: sockaddr.self), socklen_t(bytes))
    }
    guard result == 0 else { throw Failure(errno: name) }
  }
}
