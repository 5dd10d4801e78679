import TestSupport
import Threads

/// Work on a thread of its own, and what it comes to.
final class Background<Value: Sendable>: Sendable {
  private let result: Monitor<Result<Value, any Error>?>
  private let thread: WorkerThread

  /// Begins the work.
  init(_ work: @escaping @Sendable () throws -> Value) {
    let result = Monitor<Result<Value, any Error>?>(nil)
    self.result = result
    thread = WorkerThread {
      let value = Result { try work() }
      result.withLock { $0 = value }
      result.broadcast()
    }
  }

  /// Whether it has ended.
  var isDone: Bool { result.withLock { $0 != nil } }

  /// Waits for its end; to be called once.
  func value() throws -> Value {
    guard let value = result.wait(until: Database.patience, for: { $0 }) else {
      throw Failure("the work in the background never ends")
    }
    thread.join()
    return try value.get()
  }
}
