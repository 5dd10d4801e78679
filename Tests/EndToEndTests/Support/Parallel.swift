import Foundation

/// Real threads, since the clients block.
enum Parallel {
  /// Runs the body once on each of so many threads and waits for all; rethrows one of their errors.
  static func run(_ threads: Int, _ body: @escaping @Sendable (Int) throws -> Void) throws {
    let group = DispatchGroup()
    let failures = Locked<[any Error]>([])
    for index in 0..<threads {
      group.enter()
      Thread.detachNewThread {
        defer { group.leave() }
        do { try body(index) } catch { failures.withLock { $0.append(error) } }
      }
    }
    group.wait()
    if let first = failures.withLock({ $0.first }) { throw first }
  }

  /// Starts one thread; `Task.value` waits for what it returns.
  static func start<Value: Sendable>(
    _ body: @escaping @Sendable () throws -> Value
  ) -> Started<Value> {
    let started = Started<Value>()
    Thread.detachNewThread { started.finish(Result { try body() }) }
    return started
  }

  /// A thread under way.
  final class Started<Value: Sendable>: Sendable {
    private let result = Locked<Result<Value, any Error>?>(nil)
    private let done = DispatchSemaphore(value: 0)

    var isFinished: Bool { result.withLock { $0 != nil } }

    func finish(_ value: Result<Value, any Error>) {
      result.withLock { $0 = value }
      done.signal()
    }

    func value() throws -> Value {
      done.wait()
      defer { done.signal() }
      guard let result = result.withLock({ $0 }) else { throw Failure("no result") }
      return try result.get()
    }
  }
}
