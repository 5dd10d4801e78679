import FastCGI
import TestSupport
import Threads

/// A server whose requests the test takes and answers.
final class Holding: TestServer {
  private let held: Monitor<[FastCGIExchange]>

  /// - Parameter keepsWorker: Whether a worker stays with its request until the test takes it.
  init(_ limits: FastCGILimits, keepsWorker: Bool = false) throws {
    let held = Monitor<[FastCGIExchange]>([])
    self.held = held
    try super.init(limits) { exchange in
      held.withLock { $0.append(exchange) }
      held.broadcast()
      if keepsWorker { _ = held.wait(until: Self.patience) { $0.isEmpty ? () : nil } }
    }
  }

  /// Waits for so many requests and takes them.
  func take(_ count: Int) throws -> [FastCGIExchange] {
    let taken: [FastCGIExchange]? = held.wait(until: Self.patience) { held in
      guard held.count >= count else { return nil }
      defer { held.removeFirst(count) }
      return Array(held.prefix(count))
    }
    held.broadcast()
    guard let taken else { throw Failure("there are no \(count) requests") }
    return taken
  }

  /// Waits for the next request and answers it.
  func answerNext(_ answer: String) throws { try take(1)[0].respond(Array(answer.utf8)) }
}
