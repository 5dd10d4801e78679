import Foundation
import TestSupport
import Testing
import Threads

/// Peers that take their time keep nobody waiting, and are given up in the end.
@Suite struct FastCGISlowPeerTests {
  private static let whole = Record.request([("NAME", "slow")], body: Array("0123456789".utf8))

  /// One worker, and a peer that sends a byte now and then.
  @Test func aDrippingPeerDelaysNobody() throws {
    let echo = try Echo(.testing())
    let slow = try (0..<5).map { _ in try echo.connect() }
    for byte in Self.whole {
      for client in slow { client.send([byte]) }
      #expect(echo.answers())
    }
    for client in slow { #expect(try client.readAnswer() == "none slow 10 01234567") }
  }

  /// It is the request that has to come in time, not its next byte.
  @Test func drippingDoesNotPutOffTheEnd() throws {
    let echo = try Echo(.testing(peerTimeoutMilliseconds: 300))
    let idle = try echo.connect()
    #expect(try idle.ask() == "GET nil 0 ")
    let silent = try echo.connect()
    let slow = try echo.connect()
    let start = Instant.now
    for byte in Self.whole.prefix(60) {
      slow.send([byte])
      usleep(10_000)
    }
    #expect(slow.readToEnd() == [])
    #expect(Instant.now < start.advanced(byMilliseconds: 15_000))
    // Idle is not late, whether or not it has ever asked.
    #expect(try idle.ask() == "GET nil 0 ")
    #expect(try silent.ask() == "GET nil 0 ")
  }

  /// Negative control.
  @Test func withoutTheBoundALatePeerIsWaitedFor() throws {
    let echo = try Echo(.testing(workers: 2, peerTimeoutMilliseconds: 600_000))
    let late = try echo.connect(sending: Self.whole.prefix(30))
    usleep(500_000)
    late.send(Self.whole.dropFirst(30))
    #expect(try late.readAnswer() == "none slow 10 01234567")
  }

  @Test func aLatePeerIsGivenUpInTimeByWorkersThatHaveNothingToDo() throws {
    let echo = try Echo(.testing(workers: 2, peerTimeoutMilliseconds: 100))
    for _ in 0..<5 {
      let start = Instant.now
      let client = try echo.connect(sending: Self.whole.prefix(30))
      #expect(client.readToEnd() == [])
      // The client would wait for 30 s.
      #expect((100...20_000).contains(start.milliseconds(until: .now)))
    }
  }

  @Test func latePeersMakeRoomAtTheLimit() throws {
    let echo = try Echo(.testing(connections: 2, peerTimeoutMilliseconds: 200))
    let stuck = try (0..<2).map { _ in try echo.connect(sending: Self.whole.prefix(30)) }
    #expect(echo.answers())
    for client in stuck { #expect(client.readToEnd() == []) }
  }

  /// An answer for which there is no room costs the peer its connection, and nobody waits.
  @Test func whoDoesNotReadAnswersLosesTheConnection() throws {
    let echo = try Echo(.testing(), answerBytes: 100_000)
    let deaf = try echo.connect()
    for asked in 1...20 {
      deaf.send(Record.request())
      try waitUntil("it is read") {
        echo.requests.withLock { $0 } == asked || echo.socketCount == 1
      }
    }
    try echo.waitForSockets(1)
    #expect(echo.answers())
    #expect(deaf.readToEnd().count < 20 * 100_000)
  }
}
