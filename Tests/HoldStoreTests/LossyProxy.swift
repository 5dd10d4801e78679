import Foundation
import Postgres
import TestSupport
import Threads

/// A way to the server on which requests or answers can be kept back, and connections cut.
final class LossyProxy: Sendable {
  private struct Link {
    var client: Int32
    var server: Int32
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
  private let listener: Int32
  private let state = Monitor(State())
  private let serverPath: String

  init() throws {
    directory = try TemporaryDirectory()
    serverPath = try PostgresServer.shared().directory + "/.s.PGSQL.5432"
    listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    let code = Self.withAddress(directory.path + "/.s.PGSQL.5432") { bind(listener, $0, $1) }
    guard code == 0, listen(listener, 16) == 0 else { throw Failure("proxy: errno \(errno)") }
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
    let limit = Database.patience
    while state.withLock({ state in state.links.allSatisfy(\.keptRequests.isEmpty) }) {
      guard Instant.now < limit else { throw Failure("no request was kept back") }
    }
  }

  /// Cuts every client off, and lets those pass that come anew. The server notices only if told.
  func cut(tellingTheServer: Bool) {
    state.withLock { state in
      for link in state.links[state.cutCount...] {
        shutdown(link.client, Int32(SHUT_RDWR))
        if tellingTheServer { shutdown(link.server, Int32(SHUT_RDWR)) }
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
        Self.send(link.keptRequests, to: link.server)
      }
    }
  }

  func close() {
    state.withLock { $0.isClosed = true }
    shutdown(listener, Int32(SHUT_RDWR))
    cut(tellingTheServer: true)
  }

  private func acceptConnections() {
    while true {
      let client = accept(listener, nil, nil)
      guard client >= 0, !state.withLock({ $0.isClosed }) else { return }
      let server = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
      guard Self.withAddress(serverPath, { connect(server, $0, $1) }) == 0 else { return }
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
          if !isKept { Self.send(bytes, to: server) }
        }
      }
      _ = WorkerThread { [self] in
        Self.pump(from: server) { bytes in
          let error = state.withLock { state in
            defer { state.error = nil }
            return state.error
          }
          if let error { return Self.send(error, to: client) }
          if !state.withLock({ $0.keepsAnswers }) { Self.send(bytes, to: client) }
        }
        shutdown(client, Int32(SHUT_RDWR))
      }
    }
  }

  private static func pump(from descriptor: Int32, _ body: ([UInt8]) -> Void) {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = recv(descriptor, &buffer, buffer.count, 0)
      guard count > 0 else { return }
      body(Array(buffer[..<count]))
    }
  }

  private static func send(_ bytes: [UInt8], to descriptor: Int32) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes {
        Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }

  private static func withAddress(
    _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
  ) -> Int32 {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    return withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
  }
}
