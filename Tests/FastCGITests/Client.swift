import Foundation
import TestSupport

/// A web server's connection to a FastCGI socket; closed with its last reference.
final class Client {
  private let descriptor: Int32

  /// Lives at least as long as the connection.
  private let server: AnyObject?

  init(path: String, of server: AnyObject? = nil) throws {
    self.server = server
    descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    // Past it, whatever the machine's load, an answer is missing.
    var time = timeval(tv_sec: 30, tv_usec: 0)
    let timeBytes = socklen_t(MemoryLayout<timeval>.size)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, timeBytes)
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &time, timeBytes)
    let code = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard code == 0 else { throw Failure("connect: errno \(errno)") }
  }

  deinit { close(descriptor) }

  /// Sends what it can; a peer that has closed is no error here.
  func send(_ bytes: [UInt8]) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes {
        Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return }
      rest.removeFirst(count)
    }
  }

  /// Ends the stream to the server; what it answers can still be read.
  func endSending() { shutdown(descriptor, Int32(SHUT_WR)) }

  /// The rest of what the server sends, until it closes.
  func readToEnd() -> [UInt8] {
    var bytes: [UInt8] = []
    while let more = read(4096), !more.isEmpty { bytes += more }
    return bytes
  }

  /// The next answer's standard output; throws if the connection ends before it does.
  func readAnswer() throws -> String {
    var output: [UInt8] = []
    while true {
      let head = try read(exactly: 8)
      let content = try read(exactly: Int(head[4]) << 8 | Int(head[5]))
      _ = try read(exactly: Int(head[6]))
      guard head[0] == 1, head[2] == 0, head[3] == 1 else { throw Failure("not ours: \(head)") }
      switch head[1] {
      case Record.stdout: output += content
      case Record.endRequest:
        guard content.prefix(5) == [0, 0, 0, 0, 0] else { throw Failure("ended by \(content)") }
        return String(decoding: output, as: UTF8.self)
      default: throw Failure("record of type \(head[1])")
      }
    }
  }

  /// Sends a request and reads its answer.
  func ask(
    _ parameters: [(String, String)] = [("REQUEST_METHOD", "GET")], body: [UInt8] = [],
    keepsConnection: Bool = true
  ) throws -> String {
    send(Record.request(parameters, body: body, keepsConnection: keepsConnection))
    return try readAnswer()
  }

  private func read(exactly count: Int) throws -> [UInt8] {
    var bytes: [UInt8] = []
    while bytes.count < count {
      guard let more = read(count - bytes.count) else { throw Failure("recv: errno \(errno)") }
      guard !more.isEmpty else { throw Failure("the connection ended") }
      bytes += more
    }
    return bytes
  }

  /// Some bytes, none at the end, nil after an error.
  private func read(_ limit: Int) -> [UInt8]? {
    var failed = false
    let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
      var received: Int
      // A process that was stopped is interrupted as it goes on.
      repeat {
        received = recv(descriptor, buffer.baseAddress, limit, 0)
      } while received < 0 && errno == EINTR
      failed = received < 0
      count = max(0, received)
    }
    return failed ? nil : bytes
  }
}
