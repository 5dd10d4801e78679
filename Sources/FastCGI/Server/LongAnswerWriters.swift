internal import Threads

/// A fixed number of threads that send long answers, and may wait for their peers.
///
/// They keep the workers free of it. What finds no thread free waits for one, in a bounded number and for
/// a bounded time: many answers may be ready at once, and each takes little time to send.
final class LongAnswerWriters: Sendable {
  /// An answer that is to be sent.
  struct Job: Sendable {
    let send: @Sendable () -> Void

    /// What is done instead when no thread has become free in time.
    let refuse: @Sendable () -> Void
  }

  private struct State {
    var waiting: [(job: Job, deadline: Instant)] = []
    var freeCount: Int
    var isStopping = false

    mutating func takeExpired(now: Instant) -> [Job] {
      let late = waiting.prefix { $0.deadline <= now }
      waiting.removeFirst(late.count)
      return late.map(\.job)
    }
  }

  private let limits: FastCGILimits
  private let state: Monitor<State>
  private let threads = WorkerThreads()

  init(limits: FastCGILimits) {
    self.limits = limits
    state = Monitor(State(freeCount: limits.longAnswers))
    for _ in 0..<limits.longAnswers { threads.start { [state] in Self.send(state) } }
    threads.start { [state] in Self.refuseLate(state) }
  }

  /// Has a thread do the job, at once or later; refuses it when too many wait.
  func run(_ job: Job) {
    let deadline = Instant.now.advanced(byMilliseconds: limits.longAnswerWaitMilliseconds)
    let isTaken = state.withLock { state in
      let places = state.freeCount + limits.longAnswersWaiting
      guard state.waiting.count < places, !state.isStopping else { return false }
      state.waiting.append((job, deadline))
      return true
    }
    // Who is to act on it, a free thread or the one that refuses, is not known here.
    if isTaken { state.broadcast() } else { job.refuse() }
  }

  /// Ends the threads; each finishes what it sends, and all that waits is sent.
  func stop() {
    state.withLock { $0.isStopping = true }
    state.broadcast()
    threads.join()
  }

  private static func send(_ state: Monitor<State>) {
    while true {
      let next = state.wait(until: nil) { state -> Job?? in
        if state.waiting.isEmpty { return state.isStopping ? .some(nil) : nil }
        state.freeCount -= 1
        return .some(state.waiting.removeFirst().job)
      }
      guard let next, let job = next else { return }
      job.send()
      state.withLock { $0.freeCount += 1 }
    }
  }

  private static func refuseLate(_ state: Monitor<State>) {
    while true {
      let late = state.wait(until: { $0.waiting.first?.deadline }) { state -> [Job]? in
        if state.isStopping { return [] }
        let late = state.takeExpired(now: .now)
        return late.isEmpty ? nil : late
      }
      guard let late else { continue }
      if late.isEmpty { return }
      for job in late { job.refuse() }
    }
  }
}
