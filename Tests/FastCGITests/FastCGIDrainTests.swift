import Foundation
import TestSupport
import Testing
import Threads

@testable import FastCGI

/// How a server ends without losing a request.
@Suite struct FastCGIDrainTests {
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
    let holding = try Holding(.testing(), keepsWorker: true)
    func connect() throws -> FastCGIPeer {
      try holding.connect(sending: Record.request(keepsConnection: false))
    }
    let first = try connect()
    try holding.waitForRequests(1)
    // The only worker is busy: nobody is there to accept these.
    let clients = try [first] + (0..<9).map { _ in try connect() }
    holding.server.drain()
    for _ in clients { try holding.answerNext("served") }
    for client in clients { #expect(try client.readAnswer() == "served") }
    #expect(holding.server.waitUntilIdle(until: TestServer.patience) == 0)
  }

  @Test func itIsIdleOnceTheLastConnectionIsClosed() throws {
    let echo = try Echo()
    var client: FastCGIPeer? = try echo.connect()
    #expect(try client?.ask() == "GET nil 0 ")
    echo.server.drain()
    // An idle connection is open still, and soon nothing is unanswered.
    try waitUntil("all is answered") { echo.server.waitUntilIdle(until: .now) == 0 }
    #expect(echo.socketCount == 1)
    client = nil
    let start = Instant.now
    #expect(echo.server.waitUntilIdle(until: TestServer.patience) == 0)
    #expect(Instant.now < start.advanced(byMilliseconds: 25_000))
    try echo.waitForSockets(0)
  }

  @Test func whatIsUnansweredAtTheDeadlineIsCounted() throws {
    let holding = try Holding(.testing())
    let clients = try (0..<3).map { _ in
      try holding.connect(sending: Record.request(keepsConnection: false))
    }
    let exchanges = try holding.take(3)
    holding.server.drain()
    #expect(holding.server.waitUntilIdle(until: .now.advanced(byMilliseconds: 20)) == 3)
    for exchange in exchanges { exchange.respond(Array("x".utf8)) }
    #expect(holding.server.waitUntilIdle(until: TestServer.patience) == 0)
    for client in clients { #expect(try client.readAnswer() == "x") }
  }

  /// What waits in a queue that nobody takes from is reset when the process ends. The queue of an inherited
  /// socket is taken over.
  @Test(arguments: [false, true])
  func aPortIsClosedByADrainUnlessItIsInherited(isInherited: Bool) throws {
    // Its owner keeps it, as the program does.
    var socket = try Sockets.make(.tcp(host: "127.0.0.1", port: "0"))
    if isInherited {
      let passed = fcntl(socket.descriptor, F_DUPFD_CLOEXEC, 3)
      socket = try Sockets.make(.inherited(descriptor: passed))
    }
    let port = Socket.port(of: socket.descriptor)
    let server = FastCGIServer(listeningOn: socket, limits: .testing()) { $0.respond([]) }
    defer { server.stop() }
    _ = try Socket(port: port)
    server.drain()
    #expect(((try? Socket(port: port)) != nil) == isInherited)
    #expect(server.waitUntilIdle(until: TestServer.patience) == 0)
    withExtendedLifetime(socket) {}
  }
}
