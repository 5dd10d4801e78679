import FastCGI
import Foundation
import TestSupport
import Testing
import Threads

/// Requests cut up and sent one behind the other, answered by workers and others: none is forgotten.
@Suite struct FastCGIStressTests {
  private let seed = SeededGenerator.seed

  @Test func noRequestIsForgotten() throws {
    print("HOLDFAST_TEST_SEED=\(seed) replays these requests")
    let waiting = Monitor<[FastCGIExchange]>([])
    let ended = Monitor(false)
    // Every other request is answered by a thread that is no worker.
    let server = try TestServer(.testing(workers: 4)) { exchange in
      if exchange.body.count % 2 == 0 { return Self.answer(exchange) }
      waiting.withLock { $0.append(exchange) }
      waiting.signal()
    }
    let answering = Background {
      while !ended.withLock({ $0 }) {
        let next = waiting.wait(until: .now.advanced(byMilliseconds: 20)) { $0.popLast() }
        if let next { Self.answer(next) }
      }
    }
    try inParallel(8) { [path = server.path, seed] number in
      try Self.ask(path: path, seed: seed &+ UInt64(number))
    }
    server.server.drain()
    #expect(server.server.waitUntilIdle(until: TestServer.patience) == 0)
    ended.withLock { $0 = true }
    try answering.value()
  }

  private static func answer(_ exchange: FastCGIExchange) {
    exchange.respond(Array("\(exchange.parameter("NAME") ?? "nil") \(exchange.body.count)".utf8))
  }

  private static func ask(path: String, seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    for _ in 0..<10 {
      let client = try FastCGIPeer(path: path)
      for _ in 0..<20 {
        let sizes = (0..<Int.random(in: 1...4, using: &random)).map { _ in
          Int.random(in: 0...(Bool.random(using: &random) ? 10 : 40_000), using: &random)
        }
        var rest = sizes.enumerated().flatMap { index, size in
          Record.request([("NAME", "\(index)")], body: [UInt8](repeating: 1, count: size))
        }[...]
        while !rest.isEmpty {
          let count = Int.random(in: 1...(rest.count < 100 ? 20 : 60_000), using: &random)
          client.send(Array(rest.prefix(count)))
          rest = rest.dropFirst(count)
          if count % 3 == 0 { usleep(50) }
        }
        for (index, size) in sizes.enumerated() {
          let answer = try client.readAnswer()
          guard answer == "\(index) \(size)" else { throw Failure("\(answer) for \(size)") }
        }
      }
    }
  }
}
