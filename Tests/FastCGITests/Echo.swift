import FastCGI
import TestSupport
import Threads

/// A server that answers with what it was asked, on a socket of its own.
final class Echo {
  let path: String
  let server: FastCGIServer

  /// How many requests have reached the handler.
  let requests = Monitor(0)

  private let directory: TemporaryDirectory

  /// - Parameter answerBytes: How much padding each answer gets.
  init(
    workers: Int = 2, connections: Int = 1000, peerTimeoutMilliseconds: Int = 20_000,
    backlog: Int = 512, parameterBytes: Int = 100_000,
    bodyBytes: Int = 100_000,
    answerBytes: Int = 0
  ) throws {
    directory = try TemporaryDirectory()
    path = "\(directory.path)/s"
    let socket = try Sockets.make(.unix(path: path), backlog: backlog)
    server = FastCGIServer(
      listeningOn: socket,
      limits: FastCGILimits(
        workers: workers, connections: connections,
        peerTimeoutMilliseconds: peerTimeoutMilliseconds, parameterBytes: parameterBytes,
        bodyBytes: bodyBytes)
    ) { [requests] exchange in
      let body = exchange.body
      let method = exchange.parameter("REQUEST_METHOD") ?? "none"
      let text = "\(method) \(exchange.parameter("NAME") ?? "nil") \(body.count) "
      requests.withLock { $0 += 1 }
      exchange.respond(
        Array(text.utf8) + body.prefix(8) + [UInt8](repeating: 46, count: answerBytes))
    }
  }

  deinit {
    server.drain()
    server.stop()
  }

  func connect() throws -> FastCGIPeer { try FastCGIPeer(path: path, of: self) }

  /// Whether a new connection is served.
  func answers() -> Bool { (try? connect().ask().hasPrefix("GET nil 0 ")) == true }
}
