import TestSupport
import Testing
import Threads

/// Peers that do not speak FastCGI, stop in the middle, or send nonsense: none costs more than its
/// own connection.
@Suite struct FastCGIHostilePeerTests {
  private static let whole = Record.request(
    [("REQUEST_METHOD", "POST"), ("NAME", String(repeating: "n", count: 200))],
    body: Array("0123456789".utf8))

  @Test(arguments: HostileStream.all)
  func nonsenseCostsItsOwnConnectionOnly(stream: HostileStream) throws {
    let echo = try Echo()
    for ends in [true, false] {
      for _ in 0..<10 {
        let client = try echo.connect(sending: stream.bytes)
        if ends {
          client.socket.endWriting()
          _ = client.readToEnd()
        }
      }
    }
    #expect(echo.answers())
    try echo.waitForSockets(1)
  }

  @Test func aRequestMayBreakOffAnywhere() throws {
    let echo = try Echo()
    for length in 0..<Self.whole.count { _ = try echo.connect(sending: Self.whole[..<length]) }
    #expect(try echo.connect().ask(body: [1]).hasPrefix("GET nil 1 "))
    try echo.waitForSockets(1)
  }

  @Test func aPeerThatGoesBeforeItsAnswerIsNotMissed() throws {
    let echo = try Echo()
    for _ in 0..<100 { _ = try echo.connect(sending: Self.whole) }
    #expect(echo.answers())
    try echo.waitForSockets(1)
  }

  @Test func randomBytesAreSurvived() throws {
    let seed = SeededGenerator.seed
    print("HOLDFAST_TEST_SEED=\(seed) replays these bytes")
    var random = SeededGenerator(seed: seed)
    let echo = try Echo()
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
      let client = try echo.connect(sending: bytes)
      client.socket.endWriting()
      if rounds % 5 == 0 { _ = client.readToEnd() }
      if rounds % 50 == 0 { #expect(echo.answers(), "seed \(seed), round \(rounds)") }
    }
    #expect(echo.answers())
    try echo.waitForSockets(1)
  }
}
