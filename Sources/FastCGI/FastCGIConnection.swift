private import CFastCGI
private import Glibc

/// One connection from the web server, and libfcgi's record of it.
///
/// One thread at a time works on a connection: the one to which epoll reported it, or, from the
/// handler's call on, the one that answers. It owns the descriptor and the `FCGX_Request`.
@safe final class FastCGIConnection: @unchecked Sendable {
  // No lock: `EPOLLONESHOT` and the exchange's single answer hand the connection from one thread to
  // the next, and both are full memory barriers.
  let identifier: UInt64
  private let request: UnsafeMutablePointer<FCGX_Request>

  /// Takes over an accepted, blocking descriptor.
  init(identifier: UInt64, owning descriptor: Int32) {
    self.identifier = identifier
    unsafe request = .allocate(capacity: 1)
    // Without a listening socket, libfcgi gives a broken connection up instead of accepting another.
    unsafe FCGX_InitRequest(request, -1, 0)
    unsafe request.pointee.ipcFd = descriptor
    // Otherwise `FCGX_Accept_r` would begin by closing what it takes for the last request's.
    unsafe request.pointee.keepConnection = 1
    // A detached connection is closed at once; else libfcgi waits up to 2 s for the peer's end.
    unsafe request.pointee.detached = 1
  }

  deinit {
    unsafe FCGX_Free(request, 1)
    unsafe request.deallocate()
  }

  /// The descriptor, or -1 once libfcgi has closed it.
  var descriptor: Int32 { unsafe request.pointee.ipcFd }

  /// True when the peer has closed and left nothing to read.
  var isAtEnd: Bool {
    var byte: UInt8 = 0
    return unsafe recv(
      descriptor, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT)) == 0
  }

  /// True when there is something to read.
  var hasInput: Bool {
    var byte: UInt8 = 0
    return unsafe recv(descriptor, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT)) > 0
  }

  /// Reads the beginning and the parameters of a request (`FCGX_Accept_r`); false if the peer has
  /// closed, fell silent, or does not speak FastCGI, and the connection is closed.
  func readRequest() -> Bool {
    guard unsafe FCGX_Accept_r(request) == 0 else { return false }
    // libfcgi takes parameters that break off for the whole of them.
    guard unsafe FCGX_GetError(request.pointee.in) == 0 else {
      abandon()
      return false
    }
    return true
  }

  /// True when the request's body broke off before its end (`FCGX_GetError`).
  var isBroken: Bool { unsafe FCGX_GetError(request.pointee.in) != 0 }

  /// A parameter of the current request (`FCGX_GetParam`), copied; nil when absent or empty.
  func parameter(_ name: String) -> String? {
    guard let value = unsafe FCGX_GetParam(name, request.pointee.envp), unsafe value.pointee != 0
    else { return nil }
    return unsafe String(cString: value)
  }

  /// The next bytes of the request's body, fewer than asked for only at its end (`FCGX_GetStr`).
  func readBody(atMost limit: Int) -> [UInt8] {
    var body: [UInt8] = []
    let chunkBytes = 4096
    while body.count < limit {
      let wanted = min(chunkBytes, limit - body.count)
      let got = unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: wanted) { chunk in
        let count = Int(unsafe FCGX_GetStr(chunk.baseAddress, Int32(wanted), request.pointee.in))
        unsafe body.append(contentsOf: UnsafeRawBufferPointer(chunk)[..<max(0, count)])
        return count
      }
      if got < wanted { break }
    }
    return body
  }

  /// Writes the answer and ends the request (`FCGX_PutStr`, `FCGX_Finish_r`).
  ///
  /// - Returns: True when the connection is open, as the peer asked, and ready for the next request.
  func finish(writing response: [UInt8]) -> Bool {
    let unreadBytesAllowed = 65_536
    // What is left of the body would be taken for the beginning of the next request.
    let isRead = readBody(atMost: unreadBytesAllowed).count < unreadBytesAllowed
    unsafe response.withUnsafeBytes { bytes in
      _ = unsafe FCGX_PutStr(
        bytes.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(bytes.count),
        request.pointee.out)
    }
    if !isRead { unsafe request.pointee.keepConnection = 0 }
    unsafe FCGX_Finish_r(request)
    return descriptor >= 0
  }

  /// Ends the request without an answer and closes the connection.
  func abandon() {
    unsafe FCGX_Free(request, 1)
  }
}
