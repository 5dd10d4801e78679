import FastCGI
import TestSupport
import Threads

/// Listening sockets for tests, one at a time: making one changes the process's file mode mask.
enum Sockets {
  // Not of `()`: ThreadSanitizer takes what touches an empty value for touching the object's header.
  private static let turn = Monitor(0)

  static func make(
    _ address: ListenAddress, mode: UInt32 = 0o660
  ) throws(FastCGIError) -> ListeningSocket {
    try turn.withLock { _ throws(FastCGIError) in
      try ListeningSocket(address, backlog: 128, mode: mode)
    }
  }

  /// Makes two at the same moment.
  static func makeTwo(_ address: ListenAddress) throws -> [Result<ListeningSocket, FastCGIError>] {
    try turn.withLock { _ in
      try inParallel(2) { _ in
        Result { () throws(FastCGIError) in
          try ListeningSocket(address, backlog: 128, mode: 0o660)
        }
      }
    }
  }
}
