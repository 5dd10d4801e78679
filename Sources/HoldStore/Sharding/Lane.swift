internal import Holds
internal import Postgres
internal import Threads

/// The commit queue of one key, and what commits it.
final class Lane: Sendable {
  let committer: Committer
  var queue: Monitor<HoldQueue> { committer.queue }

  /// The batch that is to be looked up before the next one is begun.
  let doubt: Monitor<Doubt?>

  /// - Parameter makeCommitter: Makes what commits this queue, and leaves its doubts there.
  init(
    limits: CommitQueueLimits,
    makeCommitter: (Monitor<HoldQueue>, Monitor<Doubt?>) -> Committer
  ) {
    doubt = Monitor(nil)
    committer = makeCommitter(Monitor(CommitQueue(limits: limits)), doubt)
  }

  /// Asks the key's server what became of the batch in doubt; without one, whether it answers at all.
  ///
  /// - Returns: Whether it has answered.
  func askServer(timeoutMilliseconds: Int) -> Bool {
    let timeout = Instant.now.advanced(byMilliseconds: timeoutMilliseconds)
    let asked = doubt.withLock { $0 }
    do throws(PostgresError) {
      guard let asked else {
        try committer.pool.withConnection(deadline: timeout) { connection throws(PostgresError) in
          _ = try connection.execute(
            KeyedFunction.ping.call, committer.calls.adding([]), deadline: timeout)
        }
        return true
      }
      let deadline = asked.pending.map(\.element.deadline).min() ?? timeout
      let verdicts = try committer.pool.withConnection(deadline: deadline) {
        connection throws(PostgresError) in
        try asked.record.resolve(
          asked.operations, heldTicketLimit: committer.heldTicketLimit, by: committer.calls,
          on: connection, deadline: deadline)
      }
      let pending = doubt.withLock { doubt -> [(offset: Int, element: HoldQueue.Entry)] in
        defer { doubt = nil }
        return doubt?.pending ?? []
      }
      if !pending.isEmpty {
        committer.onEvent(
          .batchResolved(verdicts == nil ? .rerun : .committed, operations: pending.count))
        committer.settle(pending, verdicts, asked.error)
      }
      return true
    } catch {
      // Also while the batch's transaction is still in progress there.
      return false
    }
  }

  /// Answers those whose time is over before they could be told what became of their batch.
  func expireDoubt(now: Instant) {
    let late = doubt.withLock { doubt -> [HoldQueue.Entry] in
      guard let pending = doubt?.pending, pending.contains(where: { $0.element.deadline <= now })
      else { return [] }
      let rest = pending.filter { $0.element.deadline > now }
      if rest.isEmpty { doubt = nil } else { doubt?.pending = rest }
      return pending.filter { $0.element.deadline <= now }.map(\.element)
    }
    guard !late.isEmpty else { return }
    committer.onEvent(.batchResolved(.unknown, operations: late.count))
    committer.answer(late, .outcomeUnknown)
  }
}
