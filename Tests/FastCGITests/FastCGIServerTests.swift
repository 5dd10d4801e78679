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
    let holding = try Holding(.testing(workers: 2), keepsWorker: true)
    func longestTurn() -> Int {
      holding.server.longestTurnMilliseconds(at: .now.advanced(byMilliseconds: 3_600_000))
    }
    // A waiting worker looks after silent connections now and then, for a moment.
    func waits() -> Bool { (0..<1000).contains { _ in longestTurn() == 0 } }
    #expect(waits())
    let client = try holding.connect(sending: Record.request(keepsConnection: false))
    try holding.waitForRequests(1)
    #expect((0..<1000).allSatisfy { _ in longestTurn() >= 3_500_000 })
    try holding.answerNext("served")
    #expect(try client.readAnswer() == "served")
    #expect(client.readToEnd() == [])
    // The worker may be on its way back.
    try waitUntil("it waits again") { waits() }
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
    #expect(echo.socketCount == 2)
    withExtendedLifetime(client) {}
  }

  @Test func connectionsAreCountedByState() throws {
    let echo = try Echo()
    #expect(echo.server.connectionCounts.idle == 0)
    let client = try echo.connect()
    _ = try client.ask()
    // The worker gives the connection back after it has sent the answer.
    try waitUntil("it is idle") { echo.server.connectionCounts.idle == 1 }
    let counts = echo.server.connectionCounts
    #expect(counts.busy == 0 && counts.waiting == 0)
    withExtendedLifetime(client) {}
  }

  @Test func aConnectionThatIsNotToBeKeptIsClosed() throws {
    let client = try Echo().connect()
    #expect(try client.ask(keepsConnection: false) == "GET nil 0 ")
    #expect(client.readToEnd() == [])
  }

  /// The handler gets one byte more than the bound, by which it tells that the body is too long.
  @Test func aBodyPastTheBoundIsAnsweredAndItsConnectionClosed() throws {
    let echo = try Echo(.testing(workers: 2, bodyBytes: 100))
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
    try echo.waitForSockets(1)
  }

  @Test func requestsOneBehindTheOtherAreAnsweredInOrder() throws {
    let echo = try Echo(answerBytes: 20_000)
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
    let echo = try Echo()
    let idle = try (0..<200).map { _ in try echo.connect() }
    for client in idle { #expect(try client.ask() == "GET nil 0 ") }
    #expect(echo.socketCount == 201)
    #expect(echo.answers())
    for client in idle.reversed() { #expect(try client.ask() == "GET nil 0 ") }
  }

  @Test func atTheLimitAnIdleConnectionGivesWay() throws {
    let echo = try Echo(.testing(workers: 2, connections: 3))
    var clients: [FastCGIPeer] = []
    for _ in 0..<10 {
      clients.append(try echo.connect())
      #expect(try clients.last?.ask() == "GET nil 0 ")
      #expect(echo.socketCount <= 4)
    }
    // The oldest gave way, the latest did not.
    #expect(clients.first?.readToEnd() == [])
    #expect(try clients.last?.ask() == "GET nil 0 ")
  }

  /// Whoever says nothing, or stops in the middle, does not drive out those that are served.
  @Test func atTheLimitSilentConnectionsGiveWayFirst() throws {
    let echo = try Echo(.testing(workers: 2, connections: 8))
    let idle = try (0..<4).map { _ in try echo.connect() }
    for client in idle { #expect(try client.ask() == "GET nil 0 ") }
    let silent = try (0..<4).map { number in
      let client = try echo.connect()
      if number < 2 { client.send(Array(Record.request([("NAME", "x")]).prefix(20))) }
      return client
    }
    try echo.waitForSockets(9)
    // Now they are taken for silent.
    Instant.now.advanced(byMilliseconds: 1100).sleep()
    let more = try (0..<4).map { _ in try echo.connect() }
    for client in more { #expect(try client.ask() == "GET nil 0 ") }
    for client in silent { #expect(client.readToEnd() == []) }
    for client in idle { #expect(try client.ask() == "GET nil 0 ") }
  }

  @Test func anAnswerMayComeLaterAndFromAnotherThread() throws {
    let holding = try Holding(.testing(workers: 1))
    let clients = try (0..<20).map {
      try holding.connect(sending: Record.request([("NAME", "\($0)")]))
    }
    // One worker has read them all, since none holds it until its answer.
    let exchanges = try holding.take(20)
    let thread = Background {
      for exchange in exchanges.reversed() {
        exchange.respond(Array("late \(exchange.parameter("NAME") ?? "")".utf8))
      }
    }
    for (number, client) in clients.enumerated() {
      #expect(try client.readAnswer() == "late \(number)")
    }
    try thread.value()
  }

  /// A connection that has sent its request is not idle, whether or not the request has been read.
  @Test func whenNoneIsIdleNewConnectionsWait() throws {
    let holding = try Holding(.testing(workers: 2, connections: 2))
    let clients = try (0..<6).map { _ in
      try holding.connect(sending: Record.request(keepsConnection: false))
    }
    for _ in clients { try holding.answerNext("x") }
    for client in clients { #expect(try client.readAnswer() == "x") }
  }
}
