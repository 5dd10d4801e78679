import FastCGI
import Foundation
import TestSupport
import Testing
import Threads

/// The server over a real socket, asked as a web server would.
@Suite struct FastCGIServerTests {
  @Test func aRequestIsAnswered() throws {
    let echo = try Echo()
    #expect(
      try echo.connect().ask(
        [("REQUEST_METHOD", "POST"), ("NAME", "naïve"), ("OTHER", "")], body: Array("body".utf8))
        == "POST naïve 4 body")
  }

  /// A worker that waits for requests is not stuck, and one that does not end its request is.
  @Test func aWorkerThatIsStuckShows() throws {
    let gate = Monitor(false)
    let isBusy = Monitor(false)
    let patience = Instant.now.advanced(byMilliseconds: 30_000)
    let directory = try TemporaryDirectory()
    let path = "\(directory.path)/s"
    let server = FastCGIServer(
      listeningOn: try Sockets.make(.unix(path: path)), limits: .testing(workers: 2)
    ) { exchange in
      isBusy.withLock { $0 = true }
      isBusy.broadcast()
      _ = gate.wait(until: patience) { $0 ? () : nil }
      exchange.respond(Array("served".utf8))
    }
    defer { server.stop() }
    func longestTurn() -> Int {
      server.longestTurnMilliseconds(at: .now.advanced(byMilliseconds: 3_600_000))
    }
    // A waiting worker looks after silent connections now and then, for a moment.
    func waits() -> Bool { (0..<1000).contains { _ in longestTurn() == 0 } }
    #expect(waits())
    let client = try FastCGIPeer(path: path)
    client.send(Record.request(keepsConnection: false))
    _ = isBusy.wait(until: patience) { $0 ? () : nil }
    #expect((0..<1000).allSatisfy { _ in longestTurn() >= 3_500_000 })
    gate.withLock { $0 = true }
    gate.broadcast()
    #expect(try client.readAnswer() == "served")
    #expect(client.readToEnd() == [])
    // The worker may be on its way back.
    while !waits(), Instant.now < patience {}
    #expect(waits())
    server.drain()
  }

  @Test func anEmptyParameterIsNone() throws {
    #expect(try Echo().connect().ask([("NAME", "")]) == "none nil 0 ")
  }

  @Test func aLongParameterArrivesWhole() throws {
    let name = String(repeating: "é", count: 40_000)
    #expect(
      try Echo().connect().ask([("REQUEST_METHOD", "GET"), ("NAME", name)]) == "GET \(name) 0 ")
  }

  @Test func aKeptAliveConnectionServesOneRequestAfterTheOther() throws {
    let echo = try Echo()
    let client = try echo.connect()
    for round in 0..<50 {
      let body = [UInt8](repeating: 120, count: round * 37)
      #expect(
        try client.ask([("NAME", "\(round)")], body: body)
          == "none \(round) \(body.count) " + String(repeating: "x", count: min(8, body.count)))
    }
    // The one connection, and the listening socket.
    #expect(Sockets.count(path: echo.path) == 2)
    withExtendedLifetime(client) {}
  }

  @Test func connectionsAreCountedByState() throws {
    let echo = try Echo()
    #expect(echo.server.connectionCounts.idle == 0)
    let client = try echo.connect()
    _ = try client.ask()
    // The worker gives the connection back after it has sent the answer.
    let deadline = Instant.now.advanced(byMilliseconds: 10_000)
    while echo.server.connectionCounts.idle != 1, Instant.now < deadline {
      Instant.now.advanced(byMilliseconds: 1).sleep()
    }
    let counts = echo.server.connectionCounts
    #expect(counts.idle == 1 && counts.busy == 0 && counts.waiting == 0)
    withExtendedLifetime(client) {}
  }

  @Test func aConnectionThatIsNotToBeKeptIsClosed() throws {
    let client = try Echo().connect()
    #expect(try client.ask(keepsConnection: false) == "GET nil 0 ")
    #expect(client.readToEnd() == [])
  }

  /// The handler gets one byte more than the bound, by which it tells that the body is too long.
  @Test func aBodyPastTheBoundIsAnsweredAndItsConnectionClosed() throws {
    let echo = try Echo(bodyBytes: 100)
    for (count, isKept) in [(99, true), (100, true), (101, false), (5000, false), (150_000, false)]
    {
      let client = try echo.connect()
      let body = [UInt8](repeating: 97, count: count)
      let answer = try client.ask([("NAME", "\(count)")], body: body)
      #expect(answer == "none \(count) \(min(count, 101)) aaaaaaaa")
      if isKept {
        #expect(try client.ask() == "GET nil 0 ")
      } else {
        #expect(client.readToEnd() == [])
      }
    }
    #expect(Sockets.wait(path: echo.path, count: 1))
  }

  @Test func requestsOneBehindTheOtherAreAnsweredInOrder() throws {
    let echo = try Echo(workers: 2, answerBytes: 20_000)
    let client = try echo.connect()
    client.send((0..<5).flatMap { Record.request([("NAME", "\($0)")], body: [97, 97]) })
    for number in 0..<5 {
      let answer = try client.readAnswer()
      #expect(answer.hasPrefix("none \(number) 2 aa") && answer.utf8.count > 20_000)
    }
  }

  /// A Unix socket counts each of these pieces with more than it has, and would not hold them all.
  @Test func aBodyMayComeInManySmallRecords() throws {
    let client = try Echo().connect()
    let bytes =
      Record.request([("NAME", "x")]).dropLast(8)
      + (0..<2000).flatMap { _ in Record(kind: Record.stdin, content: [97, 98, 99]).bytes }
      + Record(kind: Record.stdin).bytes
    for start in stride(from: 0, to: bytes.count, by: 11) {
      client.send(Array(bytes[start..<min(start + 11, bytes.count)]))
    }
    #expect(try client.readAnswer() == "none x 6000 abcabcab")
    #expect(try client.ask() == "GET nil 0 ")
  }

  @Test func idleConnectionsKeepNoWorkerBusy() throws {
    let echo = try Echo(workers: 2)
    let idle = try (0..<200).map { _ in try echo.connect() }
    for client in idle { #expect(try client.ask() == "GET nil 0 ") }
    #expect(Sockets.count(path: echo.path) == 201)
    #expect(echo.answers())
    for client in idle.reversed() { #expect(try client.ask() == "GET nil 0 ") }
  }

  @Test func atTheLimitAnIdleConnectionGivesWay() throws {
    let echo = try Echo(connections: 3)
    var clients: [FastCGIPeer] = []
    for _ in 0..<10 {
      clients.append(try echo.connect())
      #expect(try clients.last?.ask() == "GET nil 0 ")
      #expect(Sockets.count(path: echo.path) <= 4)
    }
    // The oldest gave way, the latest did not.
    #expect(clients.first?.readToEnd() == [])
    #expect(try clients.last?.ask() == "GET nil 0 ")
  }

  /// Whoever says nothing, or stops in the middle, does not drive out those that are served.
  @Test func atTheLimitSilentConnectionsGiveWayFirst() throws {
    let echo = try Echo(connections: 8)
    let idle = try (0..<4).map { _ in try echo.connect() }
    for client in idle { #expect(try client.ask() == "GET nil 0 ") }
    let silent = try (0..<4).map { number in
      let client = try echo.connect()
      if number < 2 { client.send(Array(Record.request([("NAME", "x")]).prefix(20))) }
      return client
    }
    #expect(Sockets.wait(path: echo.path, count: 9))
    // Now they are taken for silent.
    Instant.now.advanced(byMilliseconds: 1100).sleep()
    let more = try (0..<4).map { _ in try echo.connect() }
    for client in more { #expect(try client.ask() == "GET nil 0 ") }
    for client in silent { #expect(client.readToEnd() == []) }
    for client in idle { #expect(try client.ask() == "GET nil 0 ") }
  }

  @Test func anAnswerMayComeLaterAndFromAnotherThread() throws {
    let directory = try TemporaryDirectory()
    let path = "\(directory.path)/s"
    let waiting = Monitor<[FastCGIExchange]>([])
    let server = FastCGIServer(
      listeningOn: try Sockets.make(.unix(path: path)),
      limits: .testing(workers: 1, connections: 100)
    ) { exchange in
      waiting.withLock { $0.append(exchange) }
      waiting.broadcast()
    }
    defer { server.stop() }
    let clients = try (0..<20).map { _ in try FastCGIPeer(path: path) }
    for (number, client) in clients.enumerated() {
      client.send(Record.request([("NAME", "\(number)")]))
    }
    // One worker has read them all, since none holds it until its answer.
    let all = waiting.wait(until: .now.advanced(byMilliseconds: 30_000)) { waiting in
      waiting.count == 20 ? waiting : nil
    }
    let exchanges = try #require(all)
    let thread = WorkerThread {
      for exchange in exchanges.reversed() {
        exchange.respond(Array("late \(exchange.parameter("NAME") ?? "")".utf8))
      }
    }
    for (number, client) in clients.enumerated() {
      #expect(try client.readAnswer() == "late \(number)")
    }
    thread.join()
    server.drain()
  }

  /// A connection that has sent its request is not idle, whether or not the request has been read.
  @Test func whenNoneIsIdleNewConnectionsWait() throws {
    let directory = try TemporaryDirectory()
    let path = "\(directory.path)/s"
    let held = Monitor<[FastCGIExchange]>([])
    let server = FastCGIServer(
      listeningOn: try Sockets.make(.unix(path: path)),
      limits: .testing(workers: 2, connections: 2)
    ) { exchange in
      held.withLock { $0.append(exchange) }
      held.broadcast()
    }
    defer { server.stop() }
    let clients = try (0..<6).map { _ in
      let client = try FastCGIPeer(path: path)
      client.send(Record.request(keepsConnection: false))
      return client
    }
    var answered = 0
    while answered < 6 {
      let next = held.wait(until: .now.advanced(byMilliseconds: 30_000)) { $0.popLast() }
      try #require(next).respond(Array("x".utf8))
      answered += 1
    }
    for client in clients { #expect(try client.readAnswer() == "x") }
    server.drain()
  }
}
