import Foundation
import TestSupport
import Testing
import Threads

@testable import FastCGI

/// How a server ends without losing a request.
@Suite struct FastCGIDrainTests {
  private static var patience: Instant { .now.advanced(byMilliseconds: 30_000) }

  @Test func aDrainRemovesTheFileAndServesWhoeverIsConnected() throws {
    let echo = try Echo()
    let client = try echo.connect()
    #expect(try client.ask() == "GET nil 0 ")
    echo.server.drain()
    #expect(!FileManager.default.fileExists(atPath: echo.path))
    #expect(throws: Failure.self) { _ = try echo.connect() }
    #expect(try client.ask([("NAME", "last")]) == "none last 0 ")
    // Asked twice, it does nothing.
    echo.server.drain()
    #expect(try client.ask() == "GET nil 0 ")
  }

  @Test func connectionsThatWaitedToBeAcceptedAreServed() throws {
    // The only worker is busy until the test lets it go on.
    let directory = try TemporaryDirectory()
    let path = "\(directory.path)/s"
    let gate = Monitor(false)
    let isBusy = Monitor(false)
    let server = FastCGIServer(
      listeningOn: try Sockets.make(.unix(path: path)),
      limits: .testing(workers: 1, connections: 100)
    ) { exchange in
      isBusy.withLock { $0 = true }
      isBusy.broadcast()
      _ = gate.wait(until: Self.patience) { $0 ? () : nil }
      exchange.respond(Array("served".utf8))
    }
    defer { server.stop() }
    func connect() throws -> FastCGIPeer {
      let client = try FastCGIPeer(path: path)
      client.send(Record.request(keepsConnection: false))
      return client
    }
    let first = try connect()
    _ = isBusy.wait(until: Self.patience) { $0 ? () : nil }
    // Nobody is there to accept these.
    let clients = try [first] + (0..<9).map { _ in try connect() }
    server.drain()
    gate.withLock { $0 = true }
    gate.broadcast()
    for client in clients { #expect(try client.readAnswer() == "served") }
    #expect(server.waitUntilIdle(until: Self.patience) == 0)
  }

  @Test func itIsIdleOnceTheLastConnectionIsClosed() throws {
    let echo = try Echo()
    var client: FastCGIPeer? = try echo.connect()
    #expect(try client?.ask() == "GET nil 0 ")
    echo.server.drain()
    // An idle connection is open still, and soon nothing is unanswered.
    let limit = Self.patience
    while echo.server.waitUntilIdle(until: .now.advanced(byMilliseconds: 20)) > 0 {
      try #require(Instant.now < limit)
    }
    #expect(Sockets.count(path: echo.path) == 1)
    client = nil
    let start = Instant.now
    #expect(echo.server.waitUntilIdle(until: Self.patience) == 0)
    #expect(Instant.now < start.advanced(byMilliseconds: 25_000))
    #expect(Sockets.wait(path: echo.path, count: 0))
  }

  @Test func whatIsUnansweredAtTheDeadlineIsCounted() throws {
    let directory = try TemporaryDirectory()
    let path = "\(directory.path)/s"
    let held = Monitor<[FastCGIExchange]>([])
    let server = FastCGIServer(
      listeningOn: try Sockets.make(.unix(path: path)),
      limits: .testing(workers: 1, connections: 100)
    ) { exchange in
      held.withLock { $0.append(exchange) }
      held.broadcast()
    }
    defer { server.stop() }
    let clients = try (0..<3).map { _ in try FastCGIPeer(path: path) }
    for client in clients { client.send(Record.request(keepsConnection: false)) }
    let all = held.wait(until: Self.patience) { $0.count == 3 ? $0 : nil }
    server.drain()
    #expect(server.waitUntilIdle(until: .now.advanced(byMilliseconds: 20)) == 3)
    for exchange in try #require(all) { exchange.respond(Array("x".utf8)) }
    #expect(server.waitUntilIdle(until: Self.patience) == 0)
    for client in clients { #expect(try client.readAnswer() == "x") }
  }

  /// Where a socket listens.
  private func address(of listener: Int32) throws -> sockaddr_in {
    var address = sockaddr_in()
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let code = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(listener, $0, &size) }
    }
    try #require(code == 0)
    return address
  }

  /// The errno of an attempt to connect; 0 if it succeeds.
  private func connect(to address: sockaddr_in) -> Int32 {
    let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    defer { close(client) }
    var address = address
    return withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        return Foundation.connect(client, $0, size) == 0 ? 0 : errno
      }
    }
  }

  /// What waits in a queue that nobody takes from is reset when the process ends. The queue of an inherited
  /// socket is taken over.
  @Test(arguments: [false, true])
  func aPortIsClosedByADrainUnlessItIsInherited(isInherited: Bool) throws {
    // Its owner keeps it, as the program does.
    var socket = try Sockets.make(.tcp(host: "127.0.0.1", port: "0"))
    if isInherited {
      socket = try Sockets.make(
        .inherited(descriptor: fcntl(socket.descriptor, F_DUPFD_CLOEXEC, 3)))
    }
    let address = try address(of: socket.descriptor)
    let server = FastCGIServer(listeningOn: socket, limits: .testing()) { $0.respond([]) }
    defer { server.stop() }
    #expect(connect(to: address) == 0)
    server.drain()
    #expect(connect(to: address) == (isInherited ? 0 : ECONNREFUSED))
    #expect(server.waitUntilIdle(until: Self.patience) == 0)
    withExtendedLifetime(socket) {}
  }
}
