internal import Holds
internal import Postgres
internal import Threads

/// What becomes of a batch whose statement failed: the one place that decides about retries.
extension Committer {
  /// Batches that lost a race are run again together this often, and then divided.
  private static let sharedRetries = 3

  /// Puts the entries back or answers them, and ends the batch.
  func recover(_ batch: [HoldQueue.Entry], from error: PostgresError, _ record: CommitRecord) {
    defer { endFailedBatch() }
    if calls.mayHaveCommitted(after: error) {
      onEvent(.batchFailed(error, operations: batch.count, consequence: .lookedUp))
      guard let doubt else { return lookUp(batch, error, record) }
      return doubt.withLock { $0 = Doubt(batch, error, record) }
    }
    let consequence: HoldStoreEvent.Consequence
    let isAlone = batch.count == 1
    switch error.code {
    case .noConnection, .connectionFailed:
      // Entries whose time is over are answered by the housekeeper.
      return queue.withLock { $0.putBack(batch) }
    case .server(.readOnlyTransaction):
      // The pool has given this server up, and looks for one that takes writes.
      consequence = .retried
      queue.withLock { $0.putBack(batch) }
    case .server where !retriesFailedBatches:
      consequence = .refused
      answer(batch, .databaseRefused)
    case .server(.serializationFailure), .server(.uniqueViolation), .server(.deadlockDetected):
      let failureCount = batch.map(\.failureCount).max() ?? 0
      let divides = failureCount >= Self.sharedRetries
      consequence = divides && !isAlone ? .divided : .retried
      let time = divides ? backoff(doublings: failureCount) : nil
      queue.withLock { $0.retry(batch, notBefore: time, divided: divides) }
    case .server where !isAlone:
      consequence = .divided
      queue.withLock { $0.retry(batch, notBefore: nil, divided: true) }
    case .server(.lockNotAvailable):
      consequence = .retried
      let isKnown = batch.allSatisfy(noteContention)
      let time = isKnown ? nil : backoff(doublings: batch.map(\.failureCount).max() ?? 0)
      queue.withLock { $0.retry(batch, notBefore: time, divided: true) }
    case .server(.queryCanceled):
      consequence = .refused
      answer(batch, .databaseUnreachable)
    case .server:
      consequence = .refused
      check.repeatDryCommit()
      answer(batch, .databaseRefused)
    case .connectionLost, .timedOut, .deadlinePassed:
      preconditionFailure("such a batch is looked up")
    }
    onEvent(.batchFailed(error, operations: batch.count, consequence: consequence))
  }

  private func endFailedBatch() {
    if queue.withLock({ $0.endBatch() }) { queue.signal() }
  }

  /// Finds out whether a batch was committed, and tells its callers the outcomes or runs it again.
  /// Callers whose time is over before any server can be asked hear that the outcome is unknown.
  private func lookUp(
    _ batch: [HoldQueue.Entry], _ error: PostgresError, _ record: CommitRecord
  ) {
    let operations = batch.map(\.payload.committed)
    var pending = Array(batch.enumerated())
    var doublings = 0
    while let deadline = pending.map(\.element.deadline).min() {
      do throws(PostgresError) {
        let verdicts = try pool.withConnection(deadline: deadline) {
          connection throws(PostgresError) in
          try record.resolve(
            operations, heldTicketLimit: heldTicketLimit, by: calls, on: connection,
            deadline: deadline)
        }
        // Logged before callers are answered, so that the log explains every answer.
        onEvent(
          .batchResolved(verdicts == nil ? .rerun : .committed, operations: pending.count))
        return settle(pending, verdicts, error)
      } catch {
        let now = Instant.now
        let late = pending.map(\.element).filter { $0.deadline <= now }
        if !late.isEmpty {
          onEvent(.batchResolved(.unknown, operations: late.count))
          answer(late, .outcomeUnknown)
          pending.removeAll { $0.element.deadline <= now }
        }
        backoff(doublings: doublings).sleep()
        doublings += 1
      }
    }
  }

  /// Tells callers what a look-up has found, or runs their operations again.
  ///
  /// - Parameter pending: The entries that still wait, each with its place in the batch.
  func settle(
    _ pending: [(offset: Int, element: HoldQueue.Entry)], _ verdicts: CommitVerdicts?,
    _ error: PostgresError
  ) {
    let entries = pending.map(\.element)
    if let verdicts {
      resolved(pending.map { verdicts.verdicts[$0.offset] }, entries)
    } else {
      rerun(entries, error)
    }
  }

  private func resolved(_ verdicts: [CommitVerdicts.Verdict], _ entries: [HoldQueue.Entry]) {
    for (entry, verdict) in zip(entries, verdicts) {
      switch settlement(of: entry, verdict) {
      case .decided(let outcome):
        queue.withLock { $0.finish(1) }
        entry.payload.completion(outcome)
      case .chooseAgain:
        queue.withLock { $0.putBack([entry]) }
      case .deferred:
        let time = backoff(doublings: entry.deferralCount)
        queue.withLock { $0.deferUntil(time, [entry]) }
        reportDeferred(1)
      }
    }
  }

  /// Runs a batch again that was not committed; an operation that fails again and again by an error of
  /// the server's is refused.
  private func rerun(_ entries: [HoldQueue.Entry], _ error: PostgresError) {
    guard case .server = error.code else {
      return queue.withLock { $0.rerun(entries, sharedLosses: Self.sharedRetries) }
    }
    let failureCount = entries.map(\.failureCount).max() ?? 0
    if entries.count == 1, failureCount >= Self.sharedRetries {
      check.repeatDryCommit()
      return answer(entries, .databaseRefused)
    }
    let time = backoff(doublings: failureCount)
    queue.withLock {
      $0.retry(entries, notBefore: time, divided: failureCount + 1 >= Self.sharedRetries)
    }
  }
}
