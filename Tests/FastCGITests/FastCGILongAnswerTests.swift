import FastCGI
import Foundation
import TestSupport
import Testing
import Threads

/// Answers that do not fit into a socket are sent by threads of their own.
@Suite struct FastCGILongAnswerTests {
  /// A server whose every answer has that length; `short` is its parameter for a short one.
  private final class Source: TestServer {
    /// By default the bounds of time are longer than any test takes.
    init(
      bytes: Int = 3_000_000, longAnswers: Int = 2, waiting: Int = 0,
      waitMilliseconds: Int = 600_000, timeoutMilliseconds: Int = 600_000
    ) throws {
      // Made once: under a sanitizer it would take longer than to send it.
      let answer = [Array("begin ".utf8), Source.content(bytes), Array(" end".utf8)]
      var limits = FastCGILimits.testing()
      limits.longAnswers = longAnswers
      limits.longAnswersWaiting = waiting
      limits.longAnswerWaitMilliseconds = waitMilliseconds
      limits.longAnswerTimeoutMilliseconds = timeoutMilliseconds
      try super.init(limits) { exchange in
        if exchange.parameter("NAME") == "short" { return exchange.respond(Array("short".utf8)) }
        exchange.respond(answer, insteadWhenBusy: Array("busy".utf8))
      }
    }

    static func content(_ bytes: Int) -> [UInt8] {
      let letters = "abcdefghijklmnopqrstuvw"
      let text = String(repeating: letters, count: bytes / letters.utf8.count + 1)
      return Array(text.utf8.prefix(bytes))
    }
  }

  private func expectAnswers(_ clients: [FastCGIPeer]) throws {
    for client in clients { #expect(try client.readAnswer().utf8.count == 3_000_010) }
  }

  @Test func aLongAnswerArrivesWhole() throws {
    let source = try Source(bytes: 5_000_000)
    let client = try source.connect()
    for _ in 0..<3 {
      let answer = try client.ask()
      #expect(answer.utf8.count == 5_000_010)
      #expect(
        answer == "begin " + String(decoding: Source.content(5_000_000), as: UTF8.self) + " end")
      // The connection serves on.
      #expect(try client.ask([("NAME", "short")]) == "short")
    }
  }

  /// The peer reads nothing at first, and then all.
  @Test func aSlowPeerGetsItAllAndKeepsNoWorkerBusy() throws {
    let source = try Source()
    let slow = try source.connect(sending: Record.request())
    for _ in 0..<20 { #expect(source.answers()) }
    #expect(try slow.readAnswer().utf8.count == 3_000_010)
  }

  @Test func aDeafPeerIsGivenUp() throws {
    let source = try Source(longAnswers: 1, timeoutMilliseconds: 300)
    let deaf = try source.connect(sending: Record.request())
    // Its connection is closed, and its place is another's.
    try source.waitForSockets(1)
    // Who is too slow for that time, as on a machine that stands still, is given up as well.
    let lengths = (0..<20).lazy.map { _ in (try? source.connect().ask().utf8.count) ?? 0 }
    #expect(lengths.contains(3_000_010))
    #expect(deaf.readToEnd().count < 3_000_000)
  }

  /// Negative control.
  @Test func withoutTheBoundADeafPeerKeepsItsPlace() throws {
    let source = try Source(longAnswers: 1, timeoutMilliseconds: 600_000)
    let deaf = try source.connect(sending: Record.request())
    #expect(source.answers())
    usleep(1_000_000)
    #expect(try source.connect().ask() == "busy")
    #expect(try deaf.readAnswer().utf8.count == 3_000_010)
  }

  /// Some who have asked, and do not read their answers yet.
  private func deafClients(_ count: Int = 2, of source: Source) throws -> [FastCGIPeer] {
    try (0..<count).map { _ in
      let client = try source.connect(sending: Record.request())
      // Once this is answered, the request before it has been read.
      #expect(source.answers())
      return client
    }
  }

  /// The negative control.
  @Test func withoutTheBoundAThirdAnswerIsSentBesideThem() throws {
    let source = try Source(longAnswers: 3)
    let deaf = try deafClients(of: source)
    #expect(try source.connect().ask().utf8.count == 3_000_010)
    try expectAnswers(deaf)
  }

  @Test func pastTheBoundThereIsAnotherAnswer() throws {
    let source = try Source(longAnswers: 2)
    let deaf = try deafClients(of: source)
    let other = try source.connect()
    #expect(try other.ask() == "busy")
    try expectAnswers(deaf)
    try waitUntil("a thread has become free") { try other.ask() != "busy" }
  }

  /// Two are being sent, and two wait. Without their places they would be told that the server is busy,
  /// as the fifth is.
  @Test func asManyAsMayWaitGetTheirAnswers() throws {
    let source = try Source(longAnswers: 2, waiting: 2)
    let clients = try deafClients(4, of: source)
    #expect(try source.connect().ask() == "busy")
    try expectAnswers(clients)
  }

  /// Negative control.
  @Test func withoutTheBoundOneMoreWaits() throws {
    let source = try Source(waiting: 3)
    let clients = try deafClients(5, of: source)
    try expectAnswers(clients)
  }

  /// Those that are being sent are given up much later.
  @Test func whoHasWaitedTooLongGetsTheOtherAnswer() throws {
    let source = try Source(waiting: 2, waitMilliseconds: 200)
    let deaf = try deafClients(of: source)
    let start = Instant.now
    #expect(try source.connect().ask() == "busy")
    #expect(start.milliseconds(until: .now) >= 200)
    try expectAnswers(deaf)
  }

  /// Negative control.
  @Test func withoutTheBoundOfItsTimeItWaitsOn() throws {
    let source = try Source(waiting: 2)
    let clients = try deafClients(3, of: source)
    usleep(1_000_000)
    try expectAnswers(clients)
  }

  @Test func aStopSendsWhatWaits() throws {
    let source = try Source(longAnswers: 1, waiting: 1)
    let clients = try deafClients(of: source)
    source.server.drain()
    let stopped = Background { [server = source.server] in server.stop() }
    try expectAnswers(clients)
    try stopped.value()
  }

  @Test func aStopWaitsForLongAnswers() throws {
    let source = try Source()
    let client = try source.connect(sending: Record.request(keepsConnection: false))
    #expect(source.answers())
    source.server.drain()
    #expect(source.server.waitUntilIdle(until: .now.advanced(byMilliseconds: 50)) == 1)
    #expect(try client.readAnswer().utf8.count == 3_000_010)
    #expect(source.server.waitUntilIdle(until: TestServer.patience) == 0)
  }
}
