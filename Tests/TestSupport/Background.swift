import Threads

/// Work on a thread of its own, and what it comes to.
public final class Background<Value: Sendable>: Sendable {
  private let result = Monitor<Result<Value, any Error>?>(nil)
  private let thread = WorkerThreads()

  /// Begins the work.
  public init(_ work: @escaping @Sendable () throws -> Value) {
    thread.start { [result] in
      let value = Result { try work() }
      result.withLock { $0 = value }
      result.broadcast()
    }
  }

  /// Whether it has ended.
  public var isDone: Bool { result.withLock { $0 != nil } }

  /// Waits until it has ended, and the thread keeps nothing of it.
  @discardableResult
  public func value() throws -> Value {
    guard let result = result.wait(until: .now.advanced(byMilliseconds: 300_000), for: { $0 })
    else { throw Failure("the work in the background never ends") }
    thread.join()
    return try result.get()
  }
}

/// Runs the body once on each of so many threads, waits for all, and gives what it comes to, in order;
/// rethrows one of their errors.
@discardableResult
public func inParallel<Value: Sendable>(
  _ threads: Int, _ body: @escaping @Sendable (Int) throws -> Value
) throws -> [Value] {
  let running = (0..<threads).map { index in Background { try body(index) } }
  let results = running.map { thread in Result { try thread.value() } }
  return try results.map { try $0.get() }
}
