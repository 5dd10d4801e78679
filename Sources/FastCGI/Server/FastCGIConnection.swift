private import CFastCGI
private import Glibc
internal import Threads

/// One connection from the web server, and the libfcgi request that is served on it.
///
/// The connection waits in an epoll set until the gate has seen a whole request. Only then is it lent
/// to libfcgi, which therefore never waits. One thread at a time works on a connection: the one to
/// which the table has lent it, and, after the handler's call, the one that answers.
///
/// A request that has come at once, as from most web servers, is looked at in the socket's buffer and
/// read by libfcgi from there. One that comes in pieces is collected and given to libfcgi as a file in
/// memory: a socket's buffer does not hold it if the pieces are small, since each counts with more
/// than 768 bytes on a Unix socket.
@safe final class FastCGIConnection: @unchecked Sendable {
  // No lock of its own: the table's monitor hands the connection from one thread to the next.

  /// What is to be done with a connection after a look at it.
  enum Inspection {
    /// A request is there for `acceptRequest`.
    case request(Admission)

    /// Nothing of a request has come.
    case idle

    /// A request has begun and is not complete, or the peer has not closed yet.
    case waiting

    /// The peer has closed, or the gate has refused what it sent.
    case ended
  }

  /// A request that the gate lets through.
  struct Admission {
    /// How much of the body there is to read.
    var bodyBytes: Int

    /// The body is too long: the connection does not serve another request.
    var isBodyTooLarge = false

    /// The beginning of another request follows.
    var isFollowed = false
  }

  /// What is written of a long answer at once; libfcgi's own buffer is as long.
  private static let writtenBytes = 8192

  /// How long a single write waits, at most.
  private static let blockedSeconds = 1

  let identifier: UInt64

  /// On the heap, where libfcgi's streams can point to it. It has no listening socket, so that
  /// `FCGX_Accept_r` takes a request from this connection only and never accepts another.
  private let request: UnsafeMutablePointer<FCGX_Request>

  private let limits: FastCGILimits

  /// When the peer is given up, if it is in the middle of a request.
  private var deadline: Instant?

  /// What has come of a request that does not come at once; bounded by the longest request.
  private var pieces: [UInt8] = []

  /// After the answer the connection is closed as soon as the peer has closed its end.
  private var closesAfterAnswer = false
  private(set) var isClosing = false

  /// Takes over a non-blocking, connected socket.
  init(identifier: UInt64, owning descriptor: Int32, limits: FastCGILimits) {
    self.identifier = identifier
    self.limits = limits
    unsafe request = .allocate(capacity: 1)
    unsafe FCGX_InitRequest(request, -1, 0)
    unsafe request.pointee.ipcFd = descriptor
    // FCGX_Accept_r first finishes the request before, which must not close the connection.
    unsafe request.pointee.keepConnection = 1
    // Without it libfcgi waits for up to 2 s whenever it closes a connection.
    unsafe FCGX_Detach(request)
  }

  deinit {
    close()
    unsafe request.deallocate()
  }

  /// -1 once the connection is closed.
  var descriptor: Int32 { unsafe request.pointee.ipcFd }

  /// Closes the connection and drops what libfcgi holds of a request (`FCGX_Free`).
  func close() { unsafe FCGX_Free(request, 1) }

  /// When the peer is given up; it does not move while the peer is in the middle of the same request.
  func startDeadline() -> Instant {
    let deadline = self.deadline ?? .now.advanced(byMilliseconds: limits.peerTimeoutMilliseconds)
    self.deadline = deadline
    return deadline
  }

  /// True when there is something to read.
  var hasInput: Bool {
    var byte: UInt8 = 0
    return unsafe recv(descriptor, &byte, 1, Int32(MSG_PEEK)) > 0
  }

  /// Looks at what has come (`recv(2)` with `MSG_PEEK`); never waits.
  ///
  /// - Parameters:
  ///   - buffer: As long as the longest request; nothing in it is kept.
  ///   - isHangUp: The peer has closed its end, so that nothing more will come.
  func inspect(using buffer: inout [UInt8], isHangUp: Bool) -> Inspection {
    if isClosing { return discardInput(using: &buffer) ? .waiting : .ended }
    let count = receive(into: &buffer, bytes: buffer.count, flags: Int32(MSG_PEEK))
    if count < 0, errno == EAGAIN, !isHangUp { return pieces.isEmpty ? .idle : .waiting }
    guard count > 0 else { return .ended }
    let verdict: RequestGate.Verdict
    if pieces.isEmpty {
      verdict = RequestGate.judge(buffer.span.extracting(0..<count), limits: limits)
    } else {
      let all = pieces + buffer[..<count]
      verdict = RequestGate.judge(all.span, limits: limits)
    }
    switch verdict {
    case .whole(let requestBytes, let bodyBytes):
      let isFollowed = requestBytes < pieces.count + count
      // libfcgi reads ahead, and would lose what follows the request.
      if !pieces.isEmpty || isFollowed { takePiece(requestBytes - pieces.count, using: &buffer) }
      return .request(Admission(bodyBytes: bodyBytes, isFollowed: isFollowed))
    case .bodyTooLarge:
      takePiece(count, using: &buffer)
      return .request(Admission(bodyBytes: limits.bodyBytes + 1, isBodyTooLarge: true))
    case .incomplete where !isHangUp:
      takePiece(count, using: &buffer)
      return .waiting
    case .incomplete, .refused:
      return .ended
    }
  }

  /// Has libfcgi decode the request that the gate has let through (`FCGX_Accept_r`, `FCGX_GetStr`).
  ///
  /// - Returns: The request's body; nil if libfcgi found something else than the gate did, in which
  ///   case the connection is of no further use.
  func acceptRequest(_ admission: Admission) -> [UInt8]? {
    deadline = nil
    closesAfterAnswer = admission.isBodyTooLarge
    guard !pieces.isEmpty else { return decodeRequest(admission) }
    let socket = descriptor
    guard let file = RequestFile.make(holding: pieces) else { return nil }
    pieces = []
    unsafe request.pointee.ipcFd = file
    let body = decodeRequest(admission)
    // If libfcgi has refused the request, it has closed the file.
    if descriptor >= 0 { Glibc.close(file) }
    unsafe request.pointee.ipcFd = socket
    return body
  }

  private func decodeRequest(_ admission: Admission) -> [UInt8]? {
    guard unsafe FCGX_Accept_r(request) == 0, let input = unsafe request.pointee.in else {
      return nil
    }
    // One byte more than the body has, so that libfcgi reads the record that ends the stream.
    let capacity = admission.bodyBytes + (admission.isBodyTooLarge ? 0 : 1)
    let body = unsafe [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
      count = Int(unsafe FCGX_GetStr(buffer.baseAddress, Int32(capacity), input))
    }
    let isComplete = unsafe FCGX_GetError(input) == 0 && body.count == admission.bodyBytes
    return isComplete ? body : nil
  }

  /// A parameter of the accepted request; what is not UTF-8 in it is replaced.
  func parameter(_ name: StaticString) -> String? {
    unsafe value(of: name).map { unsafe String(cString: $0) }
  }

  /// The same as it was sent.
  func parameterBytes(_ name: StaticString) -> [UInt8]? {
    unsafe value(of: name).map {
      unsafe Array(UnsafeRawBufferPointer(start: $0, count: strlen($0)))
    }
  }

  /// A parameter as libfcgi has it (`FCGX_GetParam`).
  ///
  /// Names are literals, which lie in memory as C strings: nothing is copied to look one up.
  private func value(of name: StaticString) -> UnsafeMutablePointer<CChar>? {
    let name = unsafe UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self)
    guard let value = unsafe FCGX_GetParam(name, request.pointee.envp), unsafe value.pointee != 0
    else { return nil }
    return unsafe value
  }

  /// Sends the answer and ends the request (`FCGX_PutStr`, `FCGX_Finish_r`).
  ///
  /// The socket does not block: when the peer has left no room for the answer, libfcgi closes the
  /// connection.
  ///
  /// - Returns: `idle`, `waiting` for the peer to close, or `ended`.
  func answer(_ pieces: [[UInt8]]) -> Inspection {
    beginAnswer()
    for piece in pieces { put(piece[...]) }
    return finishAnswer()
  }

  /// Sends a long answer likewise, and waits for the peer to take it in.
  ///
  /// - Returns: Also `ended` when the deadline has come.
  func answer(long pieces: [[UInt8]], deadline: Instant) -> Inspection {
    beginAnswer()
    setBlocking(true)
    for piece in pieces {
      var rest = piece[...]
      while !rest.isEmpty {
        guard waitForRoom(until: deadline), put(rest.prefix(Self.writtenBytes)) else {
          return .ended
        }
        rest = rest.dropFirst(Self.writtenBytes)
      }
    }
    guard waitForRoom(until: deadline) else { return .ended }
    let inspection = finishAnswer()
    if descriptor >= 0 { setBlocking(false) }
    return inspection
  }

  private func beginAnswer() {
    // Whatever the peer asked for, the rest of its input is to be read before the connection closes.
    if closesAfterAnswer { unsafe request.pointee.keepConnection = 1 }
  }

  /// Gives bytes to libfcgi; false when the peer does not take them.
  @discardableResult
  private func put(_ bytes: ArraySlice<UInt8>) -> Bool {
    unsafe bytes.withUnsafeBytes { bytes in
      let start = unsafe bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
      return unsafe FCGX_PutStr(start, Int32(bytes.count), request.pointee.out) >= 0
    }
  }

  private func finishAnswer() -> Inspection {
    unsafe FCGX_Finish_r(request)
    guard descriptor >= 0 else { return .ended }
    guard closesAfterAnswer else { return .idle }
    isClosing = true
    shutdown(descriptor, Int32(SHUT_WR))
    return .waiting
  }

  /// Whether writes wait for the peer (`fcntl(2)`): each for a bounded time (`SO_SNDTIMEO`), of which
  /// there is no need where there was room before.
  private func setBlocking(_ isBlocking: Bool) {
    var time = timeval(tv_sec: Self.blockedSeconds, tv_usec: 0)
    unsafe setsockopt(
      descriptor, SOL_SOCKET, SO_SNDTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
    let flags = fcntl(descriptor, F_GETFL)
    _ = fcntl(descriptor, F_SETFL, isBlocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK)
  }

  /// Waits until the socket has room for more, by `poll(2)`; false when the deadline has come first.
  private func waitForRoom(until deadline: Instant) -> Bool {
    var waited = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    while true {
      let milliseconds = Instant.now.milliseconds(until: deadline)
      let count = unsafe poll(&waited, 1, Int32(clamping: milliseconds))
      if count > 0 { return waited.revents & Int16(POLLERR | POLLHUP) == 0 }
      if count == 0 || errno != EINTR { return false }
    }
  }

  /// Reads away what the peer still sends, since closing before would cut off the answer on TCP.
  ///
  /// - Returns: False once the peer has closed.
  private func discardInput(using buffer: inout [UInt8]) -> Bool {
    // A peer that sends on and on loses the connection.
    for _ in 0..<4 {
      let count = receive(into: &buffer, bytes: buffer.count, flags: 0)
      if count <= 0 { return count < 0 && errno == EAGAIN }
    }
    return false
  }

  /// Moves bytes that have been looked at from the socket to `pieces`.
  private func takePiece(_ bytes: Int, using buffer: inout [UInt8]) {
    let count = receive(into: &buffer, bytes: bytes, flags: 0)
    pieces += buffer[..<max(0, count)]
  }

  private func receive(into buffer: inout [UInt8], bytes: Int, flags: Int32) -> Int {
    unsafe buffer.withUnsafeMutableBytes { buffer in
      while true {
        let count = unsafe recv(descriptor, buffer.baseAddress, bytes, flags)
        if count >= 0 || errno != EINTR { return count }
      }
    }
  }
}
