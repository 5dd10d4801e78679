import FastCGI
import Foundation
import Threads

/// Listening sockets for tests, one at a time: making one changes the process's file mode mask.
enum Sockets {
  // Not of `()`: ThreadSanitizer takes what touches an empty value for touching the object's header.
  private static let turn = Monitor(0)

  static func make(
    _ address: ListenAddress, backlog: Int = 128, mode: UInt32 = 0o660
  ) throws(FastCGIError) -> ListeningSocket {
    try turn.withLock { _ throws(FastCGIError) in
      try ListeningSocket(address, backlog: backlog, mode: mode)
    }
  }

  /// Makes two at the same moment.
  static func makeTwo(_ address: ListenAddress) -> [Result<ListeningSocket, FastCGIError>] {
    turn.withLock { _ in
      let made = Monitor<[Result<ListeningSocket, FastCGIError>]>([])
      let threads = (0..<2).map { _ in
        WorkerThread {
          let result = Result { () throws(FastCGIError) in
            try ListeningSocket(address, backlog: 128, mode: 0o660)
          }
          made.withLock { $0.append(result) }
        }
      }
      for thread in threads { thread.join() }
      return made.withLock { $0 }
    }
  }

  /// The server's ends of the connections to a socket, and the listening socket itself.
  static func count(path: String) -> Int {
    // Such a file has no size that it could be read by at once.
    guard let file = FileHandle(forReadingAtPath: "/proc/net/unix"),
      let table = try? file.readToEnd()
    else { return -1 }
    let lines = String(decoding: table, as: UTF8.self).split(separator: "\n")
    return lines.count { $0.hasSuffix(" \(path)") }
  }

  /// Waits until there are so many; connections close a moment after their peers have.
  static func wait(path: String, count expected: Int) -> Bool {
    let limit = Instant.now.advanced(byMilliseconds: 30_000)
    while count(path: path) != expected {
      guard Instant.now < limit else { return false }
      usleep(5000)
    }
    return true
  }
}
