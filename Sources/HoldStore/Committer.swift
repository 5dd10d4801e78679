internal import Holds
internal import Postgres
internal import Threads

/// Takes batches from the queue and commits each in one round trip, until the queue is drained.
struct Committer: Sendable {
  let queue: Monitor<HoldQueue>
  let pool: Pool
  let longestHoldSeconds: Double
  let onEvent: @Sendable (HoldStoreEvent) -> Void

  /// Batches that lost a race are run again together this often, and then one by one.
  private static let sharedRetries = 3
  private static let longestPauseMilliseconds = 50

  func run() {
    while let batch = nextBatch() {
      commit(batch)
      queue.withLock { $0.endBatch() }
    }
    // The queue is drained: the others are to see it too.
    queue.broadcast()
  }

  private func nextBatch() -> [HoldQueue.Entry]? {
    // The outer optional is the wait's, the inner the queue's end.
    let next: [HoldQueue.Entry]?? = queue.wait(
      until: { $0.nextDueTime },
      for: { queue in
        if let batch = queue.takeBatch(now: .now) { return .some(batch) }
        return queue.isDrained ? .some(nil) : nil
      })
    guard let next else { return nextBatch() }
    return next
  }

  private func commit(_ batch: [HoldQueue.Entry]) {
    let operations = batch.map(\.payload.operation)
    let statement = CommitStatement(operations)
    let deadline = batch.map(\.deadline).min() ?? .now
    var hasBegun = false
    do throws(PostgresError) {
      let verdicts = try pool.withConnection(deadline: deadline) {
        connection throws(PostgresError) in
        hasBegun = true
        let result = try connection.execute(
          CommitStatement.statement,
          statement.parameters(longestHoldSeconds: longestHoldSeconds), deadline: deadline)
        return CommitVerdicts(result, of: operations).verdicts
      }
      deliver(verdicts, to: batch)
    } catch {
      fail(batch, error, hasBegun: hasBegun)
    }
  }

  private func deliver(_ verdicts: [CommitVerdicts.Verdict], to batch: [HoldQueue.Entry]) {
    let putOff = zip(batch, verdicts).filter { $0.1 == .putOff }.map(\.0)
    for entry in putOff { requeue([entry], pause: true, alone: false) }
    queue.withLock { $0.settle(batch.count - putOff.count) }
    for (entry, verdict) in zip(batch, verdicts) {
      if case .settled(let outcome) = verdict { entry.payload.completion(outcome) }
    }
  }

  private func fail(_ batch: [HoldQueue.Entry], _ error: PostgresError, hasBegun: Bool) {
    let consequence: HoldStoreEvent.Consequence
    switch error.code {
    case .server(.serializationFailure), .server(.uniqueViolation), .server(.deadlockDetected):
      let isAlone = batch.contains { $0.retryCount >= Self.sharedRetries }
      consequence = isAlone ? .split : .retried
      requeue(batch, pause: isAlone, alone: isAlone)
    case .server where batch.count > 1:
      consequence = .split
      requeue(batch, pause: false, alone: true)
    case .server(.lockNotAvailable):
      consequence = .retried
      requeue(batch, pause: true, alone: true)
    case .connectionLost where hasBegun, .timedOut where hasBegun:
      consequence = .unknown
      answer(batch, .outcomeUnknown)
    default:
      consequence = .refused
      answer(batch, .databaseUnreachable)
    }
    onEvent(.batchFailed(error, operations: batch.count, consequence: consequence))
  }

  private func requeue(_ entries: [HoldQueue.Entry], pause: Bool, alone: Bool) {
    let doublings = min(entries.map(\.retryCount).max() ?? 0, 10)
    let pauseMilliseconds = min(1 << doublings, Self.longestPauseMilliseconds)
    let time = pause ? Instant.now.advanced(byMilliseconds: pauseMilliseconds) : nil
    queue.withLock { $0.requeue(entries, notBefore: time, alone: alone) }
  }

  private func answer(_ batch: [HoldQueue.Entry], _ reason: Unavailability) {
    queue.withLock { $0.settle(batch.count) }
    for entry in batch { entry.payload.completion(.unavailable(reason)) }
  }
}
