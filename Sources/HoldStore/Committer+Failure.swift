internal import Holds
internal import Postgres
internal import Threads

/// What becomes of a batch whose statement failed.
extension Committer {
  func fail(_ batch: [HoldQueue.Entry], _ error: PostgresError, _ record: CommitRecord) {
    let consequence: HoldStoreEvent.Consequence
    switch error.code {
    case .noConnection:
      // Those whose time has come are answered by whoever keeps the deadlines.
      return queue.withLock { $0.putBack(batch) }
    case .server(.readOnlyTransaction):
      // The pool has given this server up, and looks for one that takes writes.
      consequence = .retried
      queue.withLock { $0.putBack(batch) }
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
      noteContention(batch)
      queue.withLock { $0.retry(batch, notBefore: nil, alone: true) }
    case .server:
      consequence = .refused
      answer(batch, .databaseUnreachable)
    case .connectionLost, .timedOut, .connectionFailed:
      onEvent(.batchFailed(error, operations: batch.count, consequence: .lookedUp))
      return resolve(batch, record)
    }
    onEvent(.batchFailed(error, operations: batch.count, consequence: consequence))
  }

  /// Notes that a wait for the tickets of an operation was in vain: it had them for itself, so it is
  /// one of them that somebody else's insert is under way of.
  private func noteContention(_ batch: [HoldQueue.Entry]) {
    let now = Instant.now
    let ticketIDs = batch.flatMap(\.payload.operation.ticketIDs)
    contended.withLock {
      $0.insert(
        ticketIDs, now: now,
        pausedUntil: now.advanced(byMilliseconds: contentionMilliseconds / 4),
        refusedUntil: now.advanced(byMilliseconds: contentionMilliseconds),
        rememberedUntil: now.advanced(byMilliseconds: contentionMilliseconds * 2))
    }
  }

  /// Finds out whether a batch was committed whose connection was lost, and tells its callers the
  /// outcomes or runs it again; whose time comes before any server can be asked hears that the
  /// outcome is unknown.
  private func resolve(_ batch: [HoldQueue.Entry], _ record: CommitRecord) {
    let operations = batch.map(\.payload.operation)
    var pending = Array(batch.enumerated())
    var doublings = 0
    while let deadline = pending.map(\.element.deadline).min() {
      do throws(PostgresError) {
        let verdicts = try pool.withConnection(deadline: deadline) {
          connection throws(PostgresError) in
          let silence = Instant.now.advanced(byMilliseconds: silenceMilliseconds)
          return try record.resolve(operations, on: connection, deadline: min(deadline, silence))
        }
        // Told before anybody is answered, so that whoever acts on an answer finds it said.
        onEvent(
          .batchResolved(verdicts == nil ? .rerun : .committed, operations: pending.count))
        if let verdicts {
          deliver(pending.map { verdicts.verdicts[$0.offset] }, to: pending.map(\.element))
        } else {
          let entries = pending.map(\.element)
          queue.withLock { $0.rerun(entries, sharedLosses: Self.sharedRetries) }
        }
        return
      } catch {
        let now = Instant.now
        let late = pending.map(\.element).filter { $0.deadline <= now }
        if !late.isEmpty {
          onEvent(.batchResolved(.unknown, operations: late.count))
          answer(late, .outcomeUnknown)
          pending.removeAll { $0.element.deadline <= now }
        }
        pause(milliseconds: 1, doublings: doublings).sleep()
        doublings += 1
      }
    }
  }
}
