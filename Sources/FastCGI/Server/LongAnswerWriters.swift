internal import Threads

/// A fixed number of threads that send long answers, and may wait for their peers.
///
/// They keep the workers free of it. Nothing queues up: who finds no thread free is told so.
final class LongAnswerWriters: Sendable {
  private struct State {
    var waiting: [@Sendable () -> Void] = []
    var freeCount: Int
    var isStopping = false
  }

  private let state: Monitor<State>
  private let threads = WorkerThreads()

  init(count: Int) {
    state = Monitor(State(freeCount: count))
    for _ in 0..<count { threads.start { [state] in Self.run(state) } }
  }

  /// Has a thread do the work; false when none is free.
  func run(_ work: @escaping @Sendable () -> Void) -> Bool {
    let isTaken = state.withLock { state in
      guard state.freeCount > 0, !state.isStopping else { return false }
      state.freeCount -= 1
      state.waiting.append(work)
      return true
    }
    if isTaken { state.signal() }
    return isTaken
  }

  /// Ends the threads; each finishes what it sends.
  func stop() {
    state.withLock { $0.isStopping = true }
    state.broadcast()
    threads.join()
  }

  private static func run(_ state: Monitor<State>) {
    while true {
      let next = state.wait(until: nil) { state -> (@Sendable () -> Void)?? in
        if let work = state.waiting.popLast() { return .some(work) }
        return state.isStopping ? .some(nil) : nil
      }
      guard let next, let work = next else { return }
      work()
      state.withLock { $0.freeCount += 1 }
    }
  }
}
