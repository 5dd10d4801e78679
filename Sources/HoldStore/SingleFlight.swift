internal import Threads

/// Work that is done once for all requests that arrive before it begins, on a thread of its own.
///
/// A request that arrives during the work waits for the next run, because the current one may have
/// missed what the request is about.
final class SingleFlight<Value: Sendable>: Sendable {
  private struct Waiter {
    let deadline: Instant
    let completion: @Sendable (Value) -> Void
  }

  private struct State {
    var waiting: [Waiter] = []
    var running: [Waiter] = []
    var isStopping = false
  }

  private let state = Monitor(State())
  private let threads = WorkerThreads()
  private let unbegunResult: Value
  private let lateResult: Value

  /// - Parameters:
  ///   - unbegunResult: The answer to requests whose deadline passes before the work has begun.
  ///   - lateResult: The answer to requests whose deadline passes during the work.
  ///   - work: Does the work; it must bound its own time.
  init(unbegunResult: Value, lateResult: Value, work: @escaping @Sendable () -> Value) {
    self.unbegunResult = unbegunResult
    self.lateResult = lateResult
    threads.start { [state] in Self.run(state, work) }
  }

  func request(deadline: Instant, completion: @escaping @Sendable (Value) -> Void) {
    let isTaken = state.withLock { state in
      guard !state.isStopping else { return false }
      state.waiting.append(Waiter(deadline: deadline, completion: completion))
      return true
    }
    if isTaken { state.signal() } else { completion(unbegunResult) }
  }

  /// Answers requests whose deadline has passed.
  func expire(now: Instant) {
    let (unbegun, late) = state.withLock { state in
      defer {
        state.waiting.removeAll { $0.deadline <= now }
        state.running.removeAll { $0.deadline <= now }
      }
      return (
        state.waiting.filter { $0.deadline <= now }, state.running.filter { $0.deadline <= now }
      )
    }
    for waiter in unbegun { waiter.completion(unbegunResult) }
    for waiter in late { waiter.completion(lateResult) }
  }

  /// Does the work once more for requests that wait, and ends the thread.
  func stop() {
    state.withLock { $0.isStopping = true }
    state.signal()
    threads.join()
  }

  private static func run(_ state: Monitor<State>, _ work: () -> Value) {
    while true {
      let hasBegun: Bool? = state.wait(until: nil) { state in
        guard !state.waiting.isEmpty else { return state.isStopping ? false : nil }
        state.running = state.waiting
        state.waiting = []
        return true
      }
      guard hasBegun == true else { return }
      let result = work()
      let waiters = state.withLock { state in
        defer { state.running = [] }
        return state.running
      }
      for waiter in waiters { waiter.completion(result) }
    }
  }
}
