private import CFastCGI
private import CLinux
private import Glibc
internal import Threads

/// One connection from the web server, and the libfcgi request that is served on it.
///
/// The connection waits in an epoll set until the gate sees a whole request in the socket's buffer.
/// Only then is it lent to libfcgi, which therefore never waits. One thread at a time works on a
/// connection: the one to which the table has lent it, and, after the handler's call, the one that
/// answers.
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

    /// Whether the connection can serve another request afterwards.
    var isReusable: Bool
  }

  let identifier: UInt64

  /// On the heap, where libfcgi's streams can point to it. It has no listening socket, so that
  /// `FCGX_Accept_r` takes a request from this connection only and never accepts another.
  private let request: UnsafeMutablePointer<FCGX_Request>

  private let limits: FastCGILimits

  /// When the peer is given up, if it is in the middle of a request.
  private var deadline: Instant?

  /// Bytes in the socket's buffer that the gate has seen and left there.
  private var inspectedBytes = 0

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

  /// True when something has come that the gate has not seen (`FIONREAD`, `ioctl_tty(2)`).
  var hasNewInput: Bool {
    var count: Int32 = 0
    return unsafe ioctl(descriptor, UInt(FIONREAD), &count) == 0 && Int(count) > inspectedBytes
  }

  /// Looks at what has come (`recv(2)` with `MSG_PEEK`) and leaves it where it is; never waits.
  ///
  /// - Parameters:
  ///   - buffer: As long as the longest request; nothing in it is kept.
  ///   - isHangUp: The peer has closed its end, so that nothing more will come.
  func inspect(using buffer: inout [UInt8], isHangUp: Bool) -> Inspection {
    if isClosing { return discardInput(using: &buffer) ? .waiting : .ended }
    let count = unsafe buffer.withUnsafeMutableBytes { bytes in
      retrying { unsafe recv(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_PEEK)) }
    }
    if count < 0, errno == EAGAIN {
      deadline = nil
      return isHangUp ? .ended : .idle
    }
    guard count > 0 else { return .ended }
    switch RequestGate.judge(buffer.span.extracting(0..<count), limits: limits) {
    case .whole(let requestBytes, let bodyBytes):
      // libfcgi may read, and would lose, bytes that follow the request.
      return .request(Admission(bodyBytes: bodyBytes, isReusable: requestBytes == count))
    case .bodyTooLarge:
      return .request(Admission(bodyBytes: limits.bodyBytes + 1, isReusable: false))
    case .incomplete where !isHangUp:
      inspectedBytes = count
      return .waiting
    case .incomplete, .refused:
      return .ended
    }
  }

  /// Has libfcgi decode the request that the gate has seen (`FCGX_Accept_r`, `FCGX_GetStr`).
  ///
  /// - Returns: The request's body; nil if libfcgi found something else than the gate did, in which
  ///   case the connection is of no further use.
  func acceptRequest(_ admission: Admission) -> [UInt8]? {
    deadline = nil
    inspectedBytes = 0
    closesAfterAnswer = !admission.isReusable
    guard unsafe FCGX_Accept_r(request) == 0, let input = unsafe request.pointee.in else {
      return nil
    }
    // One byte more than the body has, so that libfcgi reads the record that ends the stream.
    let capacity = admission.bodyBytes + (admission.isReusable ? 1 : 0)
    let body = unsafe [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
      count = Int(unsafe FCGX_GetStr(buffer.baseAddress, Int32(capacity), input))
    }
    let isComplete = unsafe FCGX_GetError(input) == 0 && body.count == admission.bodyBytes
    return isComplete ? body : nil
  }

  /// A parameter of the accepted request (`FCGX_GetParam`); what is not UTF-8 in it is replaced.
  func parameter(_ name: String) -> String? {
    guard let value = unsafe FCGX_GetParam(name, request.pointee.envp), unsafe value.pointee != 0
    else { return nil }
    return unsafe String(cString: value)
  }

  /// Sends the answer and ends the request (`FCGX_PutStr`, `FCGX_Finish_r`).
  ///
  /// The socket does not block: when the peer has left no room for the answer, libfcgi closes the
  /// connection.
  ///
  /// - Returns: `idle`, `waiting` for the peer to close, or `ended`.
  func answer(_ response: [UInt8]) -> Inspection {
    // Whatever the peer asked for, the rest of its input is to be read before the connection closes.
    if closesAfterAnswer { unsafe request.pointee.keepConnection = 1 }
    unsafe response.withUnsafeBytes { bytes in
      let start = unsafe bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
      unsafe _ = FCGX_PutStr(start, Int32(bytes.count), request.pointee.out)
    }
    unsafe FCGX_Finish_r(request)
    guard descriptor >= 0 else { return .ended }
    guard closesAfterAnswer else { return .idle }
    isClosing = true
    shutdown(descriptor, Int32(SHUT_WR))
    return .waiting
  }

  /// Reads away what the peer still sends, since closing before would cut off the answer on TCP.
  ///
  /// - Returns: False once the peer has closed.
  private func discardInput(using buffer: inout [UInt8]) -> Bool {
    // Whoever sends on and on loses the connection.
    for _ in 0..<4 {
      let count = unsafe buffer.withUnsafeMutableBytes { bytes in
        retrying { unsafe recv(descriptor, bytes.baseAddress, bytes.count, 0) }
      }
      if count <= 0 { return count < 0 && errno == EAGAIN }
    }
    return false
  }

  private func retrying(_ call: () -> Int) -> Int {
    while true {
      let count = call()
      if count >= 0 || errno != EINTR { return count }
    }
  }
}
