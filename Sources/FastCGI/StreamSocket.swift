private import CLinux
private import Glibc

/// A connected socket that never blocks; it closes at the end of its life.
struct StreamSocket: ~Copyable {
  /// What has come of a transfer.
  enum Transfer {
    case bytes(Int)

    /// There is nothing to read, or no room to write.
    case wouldBlock

    /// The peer has closed, or the connection is broken.
    case ended
  }

  /// -1 once it is closed.
  private(set) var descriptor: Int32

  /// Takes over a descriptor that `accept(from:)` has given.
  init(owning descriptor: Int32) { self.descriptor = descriptor }

  /// Takes the next connection that waits (`accept4(2)`); nil, and `errno`, when there is none.
  static func accept(from listener: Int32) -> Int32? {
    let flags = Int32(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
    let descriptor = accept4(listener, nil, nil, flags)
    guard descriptor >= 0 else { return nil }
    var on: Int32 = 1
    // Fails on a Unix socket, where there is nothing to switch off.
    unsafe setsockopt(
      descriptor, Int32(IPPROTO_TCP), Int32(TCP_NODELAY), &on,
      socklen_t(MemoryLayout<Int32>.size))
    return descriptor
  }

  deinit { if descriptor >= 0 { Glibc.close(descriptor) } }

  /// Closes it before the end of its life.
  mutating func close() {
    if descriptor >= 0 { Glibc.close(descriptor) }
    descriptor = -1
  }

  /// True when there is something to read.
  var hasInput: Bool {
    var byte: UInt8 = 0
    return unsafe recv(descriptor, &byte, 1, Int32(MSG_PEEK)) > 0
  }

  /// Reads what is there (`recv(2)`).
  func receive(into buffer: inout [UInt8]) -> Transfer {
    let count = unsafe buffer.withUnsafeMutableBytes { bytes in
      var count: Int
      repeat {
        count = unsafe recv(descriptor, bytes.baseAddress, bytes.count, 0)
      } while count < 0 && errno == EINTR
      return count
    }
    return count == 0 ? .ended : Self.outcome(count)
  }

  /// Writes what there is room for (`send(2)`).
  func send(_ bytes: ArraySlice<UInt8>) -> Transfer {
    unsafe bytes.withUnsafeBytes { bytes in
      var count: Int
      repeat {
        count = unsafe Glibc.send(
          descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
      } while count < 0 && errno == EINTR
      return Self.outcome(count)
    }
  }

  /// Writes an answer of one record, as far as there is room, without copying it (`sendmsg(2)`).
  func send(_ response: [UInt8], requestID: UInt16) -> Transfer {
    let frame = AnswerFrame(contentBytes: response.count, requestID: requestID)
    var head = frame.head.bigEndian
    var tail = (frame.outputEnd.bigEndian, frame.end.bigEndian, frame.ending.bigEndian)
    return unsafe withUnsafeMutableBytes(of: &head) { head in
      unsafe withUnsafeMutableBytes(of: &tail) { tail in
        unsafe response.withUnsafeBytes { content in
          // The kernel does not write to what it sends.
          let content = unsafe UnsafeMutableRawBufferPointer(mutating: content)
          return unsafe Self.outcome(gather(head, content, tail))
        }
      }
    }
  }

  private func gather(
    _ head: UnsafeMutableRawBufferPointer, _ content: UnsafeMutableRawBufferPointer,
    _ tail: UnsafeMutableRawBufferPointer
  ) -> Int {
    var parts = unsafe (
      iovec(iov_base: head.baseAddress, iov_len: head.count),
      iovec(iov_base: content.baseAddress, iov_len: content.count),
      iovec(iov_base: tail.baseAddress, iov_len: tail.count)
    )
    return unsafe withUnsafeMutableBytes(of: &parts) { parts in
      var message = unsafe msghdr()
      unsafe message.msg_iov = parts.baseAddress?.assumingMemoryBound(to: iovec.self)
      unsafe message.msg_iovlen = 3
      var count: Int
      repeat {
        count = unsafe sendmsg(descriptor, &message, Int32(MSG_NOSIGNAL))
      } while count < 0 && errno == EINTR
      return count
    }
  }

  private static func outcome(_ count: Int) -> Transfer {
    if count >= 0 { return .bytes(count) }
    return errno == EAGAIN || errno == EWOULDBLOCK ? .wouldBlock : .ended
  }
}
