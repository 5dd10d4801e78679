internal import Holds
internal import Postgres
internal import Threads

/// Takes batches from the queue and commits each in one round trip, until the queue is drained.
struct Committer: Sendable {
  let queue: Monitor<HoldQueue>
  let pool: Pool
  let contended: Monitor<ContendedTickets<Instant>>
  let contentionMilliseconds: Int
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
    while true {
      // The outer optional is the wait's, the inner the queue's end.
      let next: [HoldQueue.Entry]?? = queue.wait(
        until: { $0.nextDueTime },
        for: { queue in
          if let batch = queue.takeBatch(now: .now) { return .some(batch) }
          return queue.isDrained ? .some(nil) : nil
        })
      if let next { return next }
    }
  }

  private func commit(_ batch: [HoldQueue.Entry]) {
    let operations = batch.map(\.payload.operation)
    let statement = CommitStatement(operations)
    // Who has little time left does not share a batch, so this takes no time from anybody.
    let deadline = batch.map(\.deadline).min() ?? .now
    do throws(PostgresError) {
      let verdicts = try pool.withConnection(deadline: deadline) {
        connection throws(PostgresError) in
        let result = try connection.execute(
          CommitStatement.statement,
          statement.parameters(longestHoldSeconds: longestHoldSeconds), deadline: deadline)
        return CommitVerdicts(result, of: operations).verdicts
      }
      deliver(verdicts, to: batch)
    } catch {
      fail(batch, error)
    }
  }

  private func deliver(_ verdicts: [CommitVerdicts.Verdict], to batch: [HoldQueue.Entry]) {
    var settled: [(entry: HoldQueue.Entry, outcome: HoldOutcome)] = []
    for (entry, verdict) in zip(batch, verdicts) {
      switch verdict {
      case .settled(let outcome): settled.append((entry, outcome))
      case .putOff:
        let time = pause(milliseconds: 1, doublings: entry.putOffCount)
        queue.withLock { $0.putOff([entry], notBefore: time) }
      }
    }
    queue.withLock { $0.settle(settled.count) }
    for (entry, outcome) in settled { entry.payload.completion(outcome) }
  }

  private func fail(_ batch: [HoldQueue.Entry], _ error: PostgresError) {
    let consequence: HoldStoreEvent.Consequence
    switch error.code {
    case .noConnection:
      // Those whose time has come are answered by whoever keeps the deadlines.
      return queue.withLock { $0.putBack(batch) }
    case .server(.serializationFailure), .server(.uniqueViolation), .server(.deadlockDetected):
      let failureCount = batch.map(\.failureCount).max() ?? 0
      let isAlone = failureCount >= Self.sharedRetries
      consequence = isAlone ? .split : .retried
      let time = isAlone ? pause(milliseconds: 1, doublings: failureCount) : nil
      queue.withLock { $0.retry(batch, notBefore: time, alone: isAlone) }
    case .server where batch.count > 1:
      consequence = .split
      queue.withLock { $0.retry(batch, notBefore: nil, alone: true) }
    case .server(.lockNotAvailable):
      consequence = .retried
      let now = Instant.now
      let time = now.advanced(byMilliseconds: contentionMilliseconds)
      let ticketIDs = batch.flatMap(\.payload.operation.ticketIDs)
      contended.withLock { $0.insert(ticketIDs, until: time, now: now) }
      queue.withLock { $0.retry(batch, notBefore: time, alone: true) }
    case .server:
      consequence = .refused
      answer(batch, .databaseUnreachable)
    default:
      consequence = .unknown
      answer(batch, .outcomeUnknown)
    }
    onEvent(.batchFailed(error, operations: batch.count, consequence: consequence))
  }

  private func pause(milliseconds: Int, doublings: Int) -> Instant {
    let pause = min(milliseconds << min(doublings, 10), Self.longestPauseMilliseconds)
    return Instant.now.advanced(byMilliseconds: pause)
  }

  private func answer(_ batch: [HoldQueue.Entry], _ reason: Unavailability) {
    queue.withLock { $0.settle(batch.count) }
    for entry in batch { entry.payload.completion(.unavailable(reason)) }
  }
}
