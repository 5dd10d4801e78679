import Postgres
import TestSupport
import Threads

/// A way to the server on which requests or answers can be kept back, and connections cut.
final class LossyProxy: Sendable {
  private struct Link {
    var client: Socket
    var server: Socket
    var keptRequests: [UInt8] = []
  }

  private struct State {
    var keepsRequests = false
    var keepsAnswers = false
    var error: [UInt8]?
    var links: [Link] = []
    var cutCount = 0
    var isClosed = false
  }

  private let directory: TemporaryDirectory
  private let listener: Socket
  private let state = Monitor(State())
  private let serverPath: String

  init() throws {
    directory = try TemporaryDirectory()
    serverPath = try PostgresServer.shared().directory + "/.s.PGSQL.5432"
    listener = try Socket(listeningOn: directory.path + "/.s.PGSQL.5432")
    _ = WorkerThread { [self] in acceptConnections() }
  }

  /// How to reach a database through it.
  func conninfo(_ database: Database) throws -> String {
    database.conninfo.replacing(
      "host=\(try PostgresServer.shared().directory)", with: "host=\(directory.path)")
  }

  /// From now on the server gets nothing.
  func keepRequests() { state.withLock { $0.keepsRequests = true } }

  /// From now on the server gets what is sent to it; what was kept back stays here.
  func letPass() { state.withLock { $0.keepsRequests = false } }

  /// From now on the client gets nothing; what it would have got is lost.
  func keepAnswers() { state.withLock { $0.keepsAnswers = true } }

  /// In place of the next answer the client gets an error, as from a proxy whose session has died.
  func answerWithError(_ code: String) {
    state.withLock { $0.error = Self.error(code) }
  }

  /// `ErrorResponse` and `ReadyForQuery` (PostgreSQL manual, "Message Formats").
  private static func error(_ code: String) -> [UInt8] {
    let fields = Array("SERROR\0VERROR\0C\(code)\0Mlost\0\0".utf8)
    return [UInt8(ascii: "E"), 0, 0, 0, UInt8(fields.count + 4)] + fields
      + [UInt8(ascii: "Z"), 0, 0, 0, 5, UInt8(ascii: "I")]
  }

  /// Waits until the server has been kept from something.
  func waitUntilSomethingIsKept() throws {
    try waitUntil("a request is kept back") {
      state.withLock { state in state.links.contains { !$0.keptRequests.isEmpty } }
    }
  }

  /// Cuts every client off, and lets those pass that come anew. The server notices only if told.
  func cut(tellingTheServer: Bool) {
    state.withLock { state in
      for link in state.links[state.cutCount...] {
        link.client.end()
        if tellingTheServer { link.server.end() }
      }
      state.cutCount = state.links.count
      state.keepsRequests = false
      state.keepsAnswers = false
    }
  }

  /// The server gets what was kept back, on connections that no client has any more.
  func deliverKeptRequests() {
    state.withLock { state in
      for link in state.links where !link.keptRequests.isEmpty {
        try? link.server.write(link.keptRequests)
      }
    }
  }

  func close() {
    state.withLock { $0.isClosed = true }
    listener.end()
    cut(tellingTheServer: true)
  }

  private func acceptConnections() {
    while let client = try? listener.accept(), !state.withLock({ $0.isClosed }),
      let server = try? Socket(path: serverPath, timeoutSeconds: 0)
    {
      let index = state.withLock { state in
        state.links.append(Link(client: client, server: server))
        return state.links.count - 1
      }
      _ = WorkerThread { [self] in
        Self.pump(from: client) { bytes in
          let isKept = state.withLock { state in
            // What a cut client still had to say is kept too: it is the late request.
            guard state.keepsRequests else { return false }
            state.links[index].keptRequests += bytes
            return true
          }
          if !isKept { try? server.write(bytes) }
        }
      }
      _ = WorkerThread { [self] in
        Self.pump(from: server) { bytes in
          let error = state.withLock { state in
            defer { state.error = nil }
            return state.error
          }
          if error != nil || !state.withLock({ $0.keepsAnswers }) {
            try? client.write(error ?? bytes)
          }
        }
        client.end()
      }
    }
  }

  private static func pump(from socket: Socket, _ body: ([UInt8]) -> Void) {
    while let bytes = try? socket.read(), !bytes.isEmpty { body(bytes) }
  }
}
