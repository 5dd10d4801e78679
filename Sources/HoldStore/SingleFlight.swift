internal import Threads

/// Work that is done once for all who ask for it before it begins, on a thread of its own.
///
/// Whoever asks while it is under way waits for the next time, since what is under way may have
/// passed by what they ask for.
final class SingleFlight<Result: Sendable>: Sendable {
  private struct Waiter {
    let deadline: Instant
    let completion: @Sendable (Result) -> Void
  }

  private struct State {
    var waiting: [Waiter] = []
    var running: [Waiter] = []
    var isStopping = false
  }

  private let state = Monitor(State())
  private let thread: Monitor<WorkerThread?> = Monitor(nil)
  private let unbegunResult: Result
  private let lateResult: Result

  /// - Parameters:
  ///   - unbegunResult: What those are told whose deadline comes before the work has begun.
  ///   - lateResult: What those are told whose deadline comes while it is under way.
  ///   - work: Does the work, within a time of its own.
  init(unbegunResult: Result, lateResult: Result, work: @escaping @Sendable () -> Result) {
    self.unbegunResult = unbegunResult
    self.lateResult = lateResult
    let started = WorkerThread { [state] in Self.run(state, work) }
    thread.withLock { $0 = started }
  }

  func request(deadline: Instant, completion: @escaping @Sendable (Result) -> Void) {
    let isTaken = state.withLock { state in
      guard !state.isStopping else { return false }
      state.waiting.append(Waiter(deadline: deadline, completion: completion))
      return true
    }
    if isTaken { state.signal() } else { completion(unbegunResult) }
  }

  /// Answers those whose deadline has come.
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

  /// Does what was asked for so far and ends the thread.
  func stop() {
    state.withLock { $0.isStopping = true }
    state.signal()
    let ended = thread.withLock { thread in
      defer { thread = nil }
      return thread
    }
    ended?.join()
  }

  private static func run(_ state: Monitor<State>, _ work: () -> Result) {
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
