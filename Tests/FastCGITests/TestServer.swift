import FastCGI
import Foundation
import TestSupport
import Threads

/// A server on a socket of its own; with its last reference it drains and stops.
class TestServer {
  /// Past it, whatever the machine's load, something is missing.
  static var patience: Instant { .now.advanced(byMilliseconds: 30_000) }

  let path: String
  let server: FastCGIServer

  /// How many requests have reached the handler.
  let requests = Monitor(0)

  private let directory: TemporaryDirectory

  init(_ limits: FastCGILimits, handler: @escaping FastCGIServer.Handler) throws {
    directory = try TemporaryDirectory()
    path = "\(directory.path)/s"
    server = FastCGIServer(
      listeningOn: try Sockets.make(.unix(path: path)), limits: limits
    ) { [requests] exchange in
      requests.withLock { $0 += 1 }
      handler(exchange)
    }
  }

  deinit {
    server.drain()
    server.stop()
  }

  func connect() throws -> FastCGIPeer { try FastCGIPeer(path: path, of: self) }

  func connect(sending bytes: some Collection<UInt8>) throws -> FastCGIPeer {
    let peer = try connect()
    peer.send(bytes)
    return peer
  }

  /// Whether a new connection is served, by a server that answers with the name.
  func answers() -> Bool { (try? connect().ask([("NAME", "short")]))?.contains("short") == true }

  /// The server's ends of its connections, and the listening socket.
  var socketCount: Int {
    // Such a file has no size that it could be read by at once.
    guard let file = FileHandle(forReadingAtPath: "/proc/net/unix"),
      let table = try? file.readToEnd()
    else { return -1 }
    let lines = String(decoding: table, as: UTF8.self).split(separator: "\n")
    return lines.count { $0.hasSuffix(" \(path)") }
  }

  /// Waits until there are so many; connections close a moment after their peers have.
  func waitForSockets(_ count: Int) throws {
    try waitUntil("there are \(count) sockets") { socketCount == count }
  }

  /// Waits until so many requests have reached the handler.
  func waitForRequests(_ count: Int) throws {
    try waitUntil("there are \(count) requests") { requests.withLock { $0 } >= count }
  }
}
