internal import Holds
internal import Threads

/// The commit queues of all keys, and the committers that take turns at them.
///
/// The lock of the lanes is taken before that of one of their queues, never after it.
final class Lanes: Sendable {
  private struct State {
    var lanes: [ExactText: Lane] = [:]
    var turns: LaneTurns<ExactText, Instant>

    /// Operations that have not been answered.
    var operationCount = 0
    var isStopping = false
  }

  /// What a committer is to do.
  private struct Task {
    let turn: LaneTurns<ExactText, Instant>.Turn
    let lane: Lane
  }

  /// Between two questions to a server that does not answer.
  private static let pauseMilliseconds = 50

  /// How long the first question waits for its answer; each further one waits twice as long.
  private static let shortProbeMilliseconds = 250

  private let shardKey: ShardKey
  private let limits: CommitQueueLimits
  private let probeMilliseconds: Int
  private let makeLane: @Sendable (String) -> Lane
  private let state: Monitor<State>

  /// - Parameters:
  ///   - probeMilliseconds: The longest that a question to a server waits for its answer.
  ///   - committers: How many take turns, half of which ask servers at most.
  init(
    _ shardKey: ShardKey, limits: CommitQueueLimits, probeMilliseconds: Int, committers: Int,
    makeLane: @escaping @Sendable (String) -> Lane
  ) {
    state = Monitor(State(turns: LaneTurns(probeLimit: max(1, committers / 2))))
    self.shardKey = shardKey
    self.limits = limits
    self.probeMilliseconds = probeMilliseconds
    self.makeLane = makeLane
  }

  /// How many operations have not been answered.
  var operationCount: Int { state.withLock { $0.operationCount } }

  /// True when a stop has been requested and every operation is answered.
  var isDrained: Bool { state.withLock { $0.isStopping && $0.operationCount == 0 } }

  /// Puts an operation into its key's queue.
  func enqueue(
    _ operation: HoldOperation, _ put: (inout HoldQueue) -> HoldQueue.Admission
  ) -> HoldQueue.Admission {
    let key = shardKey.key(of: operation)
    let admission = state.withLock { state -> HoldQueue.Admission in
      if state.isStopping { return .stopping }
      guard state.operationCount < limits.waitingOperations else { return .full }
      let lane = state.lanes[key] ?? makeLane(key.text)
      let admission = lane.queue.withLock { put(&$0) }
      guard case .accepted = admission else { return admission }
      state.lanes[key] = lane
      state.operationCount += 1
      return .accepted(callsCommitter: state.turns.wake(key))
    }
    if case .accepted(callsCommitter: true) = admission { state.signal() }
    return admission
  }

  /// What answers an accepted operation and counts it no more.
  func counting(
    _ completion: @escaping @Sendable (HoldOutcome) -> Void
  ) -> @Sendable (HoldOutcome) -> Void {
    { [weak self] outcome in
      completion(outcome)
      self?.operationEnded()
    }
  }

  private func operationEnded() {
    let isDrained = state.withLock { state in
      state.operationCount -= 1
      return state.isStopping && state.operationCount == 0
    }
    if isDrained { state.broadcast() }
  }

  /// Lets calls for the best tickets of these events be decided anew.
  func wake(callersOf events: Set<ExactText>) {
    for event in events {
      let isWoken = state.withLock { state in
        guard let lane = state.lanes[event] else { return false }
        lane.queue.wake(callersOf: [event])
        return state.turns.wake(event)
      }
      if isWoken { state.signal() }
    }
  }

  /// Answers operations whose time is over, and forgets lanes without any.
  func expire(now: Instant) {
    for (key, lane) in state.withLock({ $0.lanes }) {
      lane.expireDoubt(now: now)
      for entry in lane.queue.withLock({ $0.takeExpired(now: now) }) { entry.expire() }
      state.withLock { forget(key, &$0) }
    }
  }

  /// Accepts nothing from now on.
  func stop() {
    state.withLock { $0.isStopping = true }
    state.broadcast()
  }

  /// Takes turns at the lanes until all operations are answered after a stop.
  func run(_ pulse: Pulse) {
    var record = CommitRecord()
    while let task = nextTask() {
      pulse.begin()
      let next = take(task, &record)
      state.withLock { state in
        state.turns.end(task.turn, next: next)
        forget(task.turn.key, &state)
      }
      // Whoever sleeps may have to wake earlier.
      if case .at = next { state.signal() }
      pulse.end()
    }
    state.broadcast()
  }

  private func nextTask() -> Task? {
    while true {
      let next: Task?? = state.wait(
        until: { $0.turns.nextTime },
        for: { state in
          if state.isStopping, state.operationCount == 0 { return .some(nil) }
          guard let turn = state.turns.next(now: .now), let lane = state.lanes[turn.key] else {
            return nil
          }
          return .some(Task(turn: turn, lane: lane))
        })
      if let next { return next }
    }
  }

  /// Asks the lane's server if need be, and commits the lane's next batch.
  private func take(
    _ task: Task, _ record: inout CommitRecord
  ) -> LaneTurns<ExactText, Instant>.Next {
    let (key, lane) = (task.turn.key, task.lane)
    if task.turn.isProbe {
      let start = Instant.now
      let timeout = min(
        probeMilliseconds, Self.shortProbeMilliseconds << min(task.turn.failureCount, 10))
      let isAnswered = lane.askServer(timeoutMilliseconds: timeout)
      state.withLock { state in
        if isAnswered {
          state.turns.answered(key, askedAt: start)
        } else {
          state.turns.unanswered(key, askedAt: start)
        }
      }
      // Others may have waited until theirs could be asked.
      state.broadcast()
      guard isAnswered else {
        return .at(.now.advanced(byMilliseconds: Self.pauseMilliseconds))
      }
    }
    let start = Instant.now
    guard let batch = lane.queue.withLock({ $0.takeBatch(now: start) }) else {
      return lane.queue.withLock { $0.nextDueTime(now: start) }.map { .at($0) } ?? .whenWoken
    }
    let isAnswered = lane.committer.process(batch, &record)
    guard lane.doubt.withLock({ $0 == nil }) else {
      // The rows of the batch in doubt must outlast the purge of this committer's others.
      record = CommitRecord()
      state.withLock { $0.turns.unanswered(key, askedAt: start) }
      return .at(.now)
    }
    if isAnswered { state.withLock { $0.turns.answered(key, askedAt: start) } }
    return lane.queue.withLock { $0.waitingCount } > 0 ? .now : .whenWoken
  }

  /// Forgets the key's lane, which may be another than the caller has seen before, if it is idle.
  private func forget(_ key: ExactText, _ state: inout State) {
    guard let lane = state.lanes[key], lane.queue.withLock({ $0.isIdle }),
      state.turns.forget(key)
    else { return }
    state.lanes[key] = nil
  }
}
