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
      requests.broadcast()
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
    let isThere = requests.wait(until: Self.patience) { $0 >= count ? true : nil }
    guard isThere == true else { throw Failure("there are no \(count) requests") }
  }
}

/// A server that answers with what it was asked.
final class Echo: TestServer {
  /// - Parameter answerBytes: How much padding each answer gets.
  init(_ limits: FastCGILimits = .testing(workers: 2), answerBytes: Int = 0) throws {
    try super.init(limits) { exchange in
      let body = exchange.body
      let method = exchange.parameter("REQUEST_METHOD") ?? "none"
      let text = "\(method) \(exchange.parameter("NAME") ?? "nil") \(body.count) "
      exchange.respond(
        Array(text.utf8) + body.prefix(8) + [UInt8](repeating: 46, count: answerBytes))
    }
  }
}

/// A server whose requests the test takes and answers.
final class Holding: TestServer {
  private let held: Monitor<[FastCGIExchange]>

  /// - Parameter keepsWorker: Whether a worker stays with its request until the test takes it.
  init(_ limits: FastCGILimits, keepsWorker: Bool = false) throws {
    let held = Monitor<[FastCGIExchange]>([])
    self.held = held
    try super.init(limits) { exchange in
      held.withLock { $0.append(exchange) }
      held.broadcast()
      if keepsWorker { _ = held.wait(until: Self.patience) { $0.isEmpty ? () : nil } }
    }
  }

  /// Waits for so many requests and takes them.
  func take(_ count: Int) throws -> [FastCGIExchange] {
    let taken: [FastCGIExchange]? = held.wait(until: Self.patience) { held in
      guard held.count >= count else { return nil }
      defer { held.removeFirst(count) }
      return Array(held.prefix(count))
    }
    held.broadcast()
    guard let taken else { throw Failure("there are no \(count) requests") }
    return taken
  }

  /// Waits for the next request and answers it.
  func answerNext(_ answer: String) throws { try take(1)[0].respond(Array(answer.utf8)) }
}
