private import CLinux
private import Glibc
private import Threads

/// A listening socket; it closes when the last owner lets go.
public final class ListeningSocket: Sendable {
  let descriptor: Int32

  /// It was handed over by a process that may hand it over again.
  let isInherited: Bool

  private let path: Monitor<String?>

  /// Listens at `address`.
  ///
  /// A socket file that nobody listens on any more is replaced; one in use is an error, also for one of two
  /// processes that start at the same moment.
  ///
  /// - Parameters:
  ///   - backlog: Connections that wait to be accepted, at most (`listen(2)`).
  ///   - mode: The permissions of a Unix socket's file, such as `0o660`.
  public init(_ address: ListenAddress, backlog: Int, mode: UInt32) throws(FastCGIError) {
    switch address {
    case .inherited(let inherited):
      guard Self.isListening(descriptor: inherited) else {
        throw FastCGIError(.notListening, "descriptor \(inherited) is not a listening socket")
      }
      isInherited = true
      descriptor = inherited
      path = Monitor(nil)
    case .unix(let file):
      isInherited = false
      descriptor = try Self.makeUnixSocket(path: file, backlog: backlog, mode: mode)
      path = Monitor(file)
    case .tcp(let host, let port):
      isInherited = false
      descriptor = try Self.makeTCPSocket(host: host, port: port)
      path = Monitor(nil)
      guard listen(descriptor, Int32(clamping: backlog)) == 0 else {
        throw Self.failure("listen", at: "\(address)")
      }
    }
    // Workers take connections until there are no more, so accept must not block.
    _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
  }

  deinit {
    removePath()
    close(descriptor)
  }

  /// Accepts the next connection that waits, as a non-blocking socket (`accept4(2)`); nil, and `errno`,
  /// when there is none.
  func accept() -> Int32? {
    let flags = Int32(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
    let connected = accept4(descriptor, nil, nil, flags)
    guard connected >= 0 else { return nil }
    // An answer has to fit into the empty buffer, since nobody waits for room.
    Self.set(SO_SNDBUF, Self.sendBufferBytes, on: connected)
    // Fails on a Unix socket, where there is nothing to switch off.
    var on: Int32 = 1
    unsafe setsockopt(
      connected, Int32(IPPROTO_TCP), Int32(TCP_NODELAY), &on, socklen_t(MemoryLayout<Int32>.size))
    return connected
  }

  /// Half of what Linux allows by default at most (`net.core.wmem_max`), which it doubles.
  private static let sendBufferBytes: Int32 = 212_992

  private static let receiveBufferBytes: Int32 = 262_144

  private static func set(_ option: Int32, _ value: Int32, on descriptor: Int32) {
    var value = value
    unsafe setsockopt(
      descriptor, SOL_SOCKET, option, &value, socklen_t(MemoryLayout<Int32>.size))
  }

  /// Removes a Unix socket's file, once: the path may be a successor's soon after.
  func removePath() {
    let file = path.withLock { path in
      defer { path = nil }
      return path
    }
    if let file { unsafe unlink(file) }
  }

  /// Refuses new connections from now on (`shutdown(2)`), whoever else keeps this object. Those that nobody
  /// has accepted are lost.
  func stopListening() {
    shutdown(descriptor, Int32(SHUT_RDWR))
  }

  /// True when the descriptor is a socket that accepts connections (`SO_ACCEPTCONN`, `socket(7)`).
  public static func isListening(descriptor: Int32) -> Bool {
    var accepts: Int32 = 0
    var size = socklen_t(MemoryLayout<Int32>.size)
    let code = unsafe getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &accepts, &size)
    return code == 0 && accepts != 0
  }

  private static func makeUnixSocket(
    path: String, backlog: Int, mode: UInt32
  ) throws(FastCGIError) -> Int32 {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    let most = ListenAddress.maximumPathBytes
    guard !bytes.isEmpty, bytes.count <= most, !bytes.contains(0) else {
      throw FastCGIError(
        .invalidAddress,
        "\(path): expected a socket path of 1 to \(most) bytes, got \(bytes.count)")
    }
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
    // A socket that does not listen yet looks abandoned, and between that look and the replacement another
    // may have taken the path: one process at a time, until it listens.
    let folder = try lockFolder(of: path)
    defer { if let folder { close(folder) } }
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { throw failure("socket", at: path) }
    let mask = umask(0o777 & ~mode)
    defer { umask(mask) }
    var code = unsafe call(bind, descriptor, address)
    if code != 0, errno == EADDRINUSE, isAbandoned(address) {
      unsafe unlink(path)
      code = unsafe call(bind, descriptor, address)
    }
    if code == 0, listen(descriptor, Int32(clamping: backlog)) == 0 { return descriptor }
    let problem =
      code != 0 && errno == EADDRINUSE
      ? FastCGIError(.addressInUse, "\(path): another process listens there, or it is no socket")
      : failure(code == 0 ? "listen" : "bind", at: path)
    close(descriptor)
    throw problem
  }

  /// Waits for the lock of the folder that a path is in (`flock(2)`), and has it until the descriptor closes.
  ///
  /// - Returns: nil if the folder cannot be opened: `bind` says why, unless it is one that can only be written.
  private static func lockFolder(of path: String) throws(FastCGIError) -> Int32? {
    let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
    let descriptor = unsafe open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    let deadline = Instant.now.advanced(byMilliseconds: lockMilliseconds)
    while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      guard errno == EWOULDBLOCK, Instant.now < deadline else {
        let problem =
          errno == EWOULDBLOCK
          ? FastCGIError(.addressInUse, "\(path): another process keeps the folder locked")
          : failure("flock", at: folder)
        close(descriptor)
        throw problem
      }
      Instant.now.advanced(byMilliseconds: 1).sleep()
    }
    return descriptor
  }

  /// Another process that starts has it for microseconds.
  private static let lockMilliseconds = 2000

  /// True when a socket's file is what is left of a process that has gone: only then does a
  /// connection meet with ECONNREFUSED and nothing else.
  private static func isAbandoned(_ address: sockaddr_un) -> Bool {
    let probe = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    defer {
      close(probe)
      errno = EADDRINUSE
    }
    // A listener whose backlog is full would keep a blocking probe waiting.
    _ = fcntl(probe, F_SETFL, O_NONBLOCK)
    return unsafe call(connect, probe, address) != 0 && errno == ECONNREFUSED && isSocket(address)
  }

  private static func isSocket(_ address: sockaddr_un) -> Bool {
    var status = stat()
    let code = unsafe withUnsafeBytes(of: address.sun_path) { bytes in
      unsafe lstat(bytes.assumingMemoryBound(to: CChar.self).baseAddress!, &status)
    }
    return code == 0 && status.st_mode & S_IFMT == S_IFSOCK
  }

  private static func call(
    _ function: (Int32, UnsafePointer<sockaddr>?, socklen_t) -> Int32, _ descriptor: Int32,
    _ address: sockaddr_un
  ) -> Int32 {
    unsafe withUnsafePointer(to: address) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe function(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
  }

  private static func makeTCPSocket(host: String, port: String) throws(FastCGIError) -> Int32 {
    var hints = unsafe addrinfo()
    unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    unsafe hints.ai_flags = AI_PASSIVE
    var found: UnsafeMutablePointer<addrinfo>?
    let code = unsafe getaddrinfo(host, port, &hints, &found)
    guard code == 0, let first = unsafe found else {
      throw FastCGIError(
        .invalidAddress, "\(host):\(port): \(unsafe String(cString: gai_strerror(code)))")
    }
    defer { unsafe freeaddrinfo(found) }
    let descriptor = unsafe socket(first.pointee.ai_family, first.pointee.ai_socktype, 0)
    guard descriptor >= 0 else { throw failure("socket", at: "\(host):\(port)") }
    set(SO_REUSEADDR, 1, on: descriptor)
    // A whole request has to fit into the buffer of a connection, which inherits this.
    set(SO_RCVBUF, receiveBufferBytes, on: descriptor)
    guard unsafe bind(descriptor, first.pointee.ai_addr, first.pointee.ai_addrlen) == 0 else {
      let problem =
        errno == EADDRINUSE
        ? FastCGIError(.addressInUse, "\(host):\(port): another process listens there")
        : failure("bind", at: "\(host):\(port)")
      close(descriptor)
      throw problem
    }
    return descriptor
  }

  private static func failure(_ call: String, at place: String) -> FastCGIError {
    let number = errno
    return FastCGIError(
      .system(number), "\(place): \(call): \(unsafe String(cString: strerror(number)))")
  }
}
