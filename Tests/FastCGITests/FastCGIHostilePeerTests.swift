import FastCGI
import Foundation
import TestSupport
import Testing
import Threads

/// Peers that do not speak FastCGI, stop in the middle, or send nonsense: none costs more than its
/// own connection.
@Suite struct FastCGIHostilePeerTests {
  private static let whole = Record.request(
    [("REQUEST_METHOD", "POST"), ("NAME", String(repeating: "n", count: 200))],
    body: Array("0123456789".utf8))

  private static let beginning = Array(whole[..<16])
  private static let rest = Array(whole[16...])

  private static let hostile: [(name: String, bytes: [UInt8])] = [
    ("HTTP", Array("GET / HTTP/1.1\r\nHost: x\r\n\r\n".utf8)),
    ("zeros", [UInt8](repeating: 0, count: 1000)),
    ("ones", [UInt8](repeating: 0xff, count: 1000)),
    (
      "another version",
      Record(
        version: 2, kind: Record.beginRequest,
        content: [0, 1, 1, 0, 0, 0, 0, 0]
      ).bytes + whole
    ),
    ("parameters without a beginning", Record(kind: Record.params, content: [1, 1, 97, 97]).bytes),
    ("a beginning of one byte", Record(kind: Record.beginRequest, content: [0]).bytes + whole),
    (
      "a beginning that is too long",
      Record(kind: Record.beginRequest, content: [UInt8](repeating: 0, count: 60_000)).bytes
    ),
    (
      "another role",
      Record(kind: Record.beginRequest, content: [0, 3, 1, 0, 0, 0, 0, 0]).bytes
        + rest
    ),
    (
      "a role that is none",
      Record(kind: Record.beginRequest, content: [9, 9, 1, 0, 0, 0, 0, 0])
        .bytes + rest
    ),
    (
      "request 0",
      Record(
        kind: Record.beginRequest, requestID: 0,
        content: [0, 1, 1, 0, 0, 0, 0, 0]
      ).bytes
    ),
    ("an abort at once", Record(kind: Record.abortRequest).bytes),
    ("an abort in the middle", beginning + Record(kind: Record.abortRequest).bytes),
    (
      "a question about values",
      Record(
        kind: Record.getValues, requestID: 0,
        content: Record.pair("FCGI_MAX_CONNS", "")
      ).bytes
    ),
    ("a type that is none", beginning + Record(kind: 99, content: [1, 2, 3]).bytes),
    (
      "a name of two gigabytes",
      beginning
        + Record(kind: Record.params, content: [0xff, 0xff, 0xff, 0xff, 1, 97, 97]).bytes
        + Record(kind: Record.params).bytes
    ),
    (
      "a value of two gigabytes",
      beginning
        + Record(kind: Record.params, content: [1, 0xff, 0xff, 0xff, 0xfe, 97]).bytes
        + Record(kind: Record.params).bytes
    ),
    (
      "a name past the end",
      beginning
        + Record(kind: Record.params, content: [120, 120, 97]).bytes
        + Record(kind: Record.params).bytes
    ),
    (
      "a NUL in a parameter",
      beginning
        + Record(kind: Record.params, content: [2, 2, 0, 0, 0, 0]).bytes
        + Record(kind: Record.params).bytes + Record(kind: Record.stdin).bytes
    ),
    ("two beginnings", beginning + beginning + whole),
    (
      "a body of another request",
      Array(whole.dropLast(8))
        + Record(kind: Record.stdin, requestID: 7, content: [1, 2, 3]).bytes
    ),
  ]

  @Test(arguments: hostile.indices)
  func nonsenseCostsItsOwnConnectionOnly(index: Int) throws {
    let echo = try Echo(workers: 2)
    for ends in [true, false] {
      for _ in 0..<10 {
        let client = try echo.connect()
        client.send(Self.hostile[index].bytes)
        if ends {
          client.socket.endWriting()
          _ = client.readToEnd()
        }
      }
    }
    #expect(echo.answers())
    #expect(Sockets.wait(path: echo.path, count: 1), "a connection leaks")
  }

  @Test func aRequestMayBreakOffAnywhere() throws {
    let echo = try Echo(workers: 2)
    for length in 0..<Self.whole.count {
      let client = try echo.connect()
      client.send(Array(Self.whole[..<length]))
    }
    #expect(try echo.connect().ask(body: [1]).hasPrefix("GET nil 1 "))
    #expect(Sockets.wait(path: echo.path, count: 1), "a connection leaks")
  }

  @Test func aRequestMayComeByteByByte() throws {
    let client = try Echo().connect()
    for byte in Record.request([("NAME", "slow")], body: Array("0123456789".utf8)) {
      client.send([byte])
    }
    #expect(try client.readAnswer() == "none slow 10 01234567")
  }

  @Test func aPeerThatFallsSilentIsGivenUp() throws {
    let echo = try Echo(workers: 2, peerTimeoutMilliseconds: 100)
    let silent = try (0..<6).map { index in
      let client = try echo.connect()
      client.send(Array(Self.whole[..<(4 + index * 30)]))
      return client
    }
    // Others are served nevertheless.
    #expect(echo.answers())
    for client in silent { _ = client.readToEnd() }
    #expect(Sockets.wait(path: echo.path, count: 1))
  }

  @Test func aPeerThatGoesBeforeItsAnswerIsNotMissed() throws {
    let echo = try Echo(workers: 2)
    for _ in 0..<100 {
      let client = try echo.connect()
      client.send(Self.whole)
    }
    #expect(echo.answers())
    #expect(Sockets.wait(path: echo.path, count: 1))
  }

  @Test func randomBytesAreSurvived() throws {
    let seed = SeededGenerator.seed
    print("HOLDFAST_TEST_SEED=\(seed) replays these bytes")
    var random = SeededGenerator(seed: seed)
    let echo = try Echo(workers: 2)
    let end = Instant.now.advanced(byMilliseconds: 2000)
    var rounds = 0
    while Instant.now < end || rounds <= 50 {
      rounds += 1
      var bytes = Self.whole + Self.whole
      switch rounds % 3 {
      case 0:
        bytes = (0..<Int.random(in: 1...300, using: &random)).map { _ in
          .random(in: 0...255, using: &random)
        }
      case 1:
        for _ in 0..<Int.random(in: 1...6, using: &random) {
          let index = Int.random(in: 0..<bytes.count, using: &random)
          bytes[index] = .random(in: 0...255, using: &random)
        }
      default:
        let start = Int.random(in: 0..<bytes.count, using: &random)
        bytes.removeSubrange(start..<Int.random(in: start...bytes.count, using: &random))
      }
      let client = try echo.connect()
      client.send(bytes)
      client.socket.endWriting()
      if rounds % 5 == 0 { _ = client.readToEnd() }
      if rounds % 50 == 0 { #expect(echo.answers(), "seed \(seed), round \(rounds)") }
    }
    #expect(echo.answers())
    #expect(Sockets.wait(path: echo.path, count: 1), "a connection leaks: seed \(seed)")
  }
}
