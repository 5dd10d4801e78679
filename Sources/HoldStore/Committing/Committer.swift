internal import Holds
internal import Postgres
internal import Threads

/// Takes batches from the queue and commits each in one round trip, until the queue is drained.
struct Committer: Sendable {
  let queue: Monitor<HoldQueue>
  let pool: Pool
  let contended: Monitor<ContendedTickets<Instant>>
  let books: SeatBooks
  let contentionMilliseconds: Int
  let check: DatabaseCheck
  let longestHoldSeconds: Double
  let heldTicketLimit: Int
  let keepsHistory: Bool
  let retriesFailedBatches: Bool
  let triesTickets: Bool
  let calls: CommitCalls

  /// Where a batch is left of which it is not known whether it was committed; nil to look it up at once.
  let doubt: Monitor<Doubt?>?
  let onEvent: @Sendable (HoldStoreEvent) -> Void

  private static let longestPauseMilliseconds = 50

  /// What makes committers that differ in their queue, in how they reach the tables, and in where they
  /// leave their doubts.
  static func maker(
    _ settings: HoldStoreSettings, pool: Pool, contended: Monitor<ContendedTickets<Instant>>,
    books: SeatBooks, check: DatabaseCheck, onEvent: @escaping @Sendable (HoldStoreEvent) -> Void
  ) -> @Sendable (Monitor<HoldQueue>, CommitCalls, Monitor<Doubt?>?) -> Committer {
    { queue, calls, doubt in
      Committer(
        queue: queue, pool: pool, contended: contended, books: books,
        contentionMilliseconds: settings.contentionMilliseconds, check: check,
        longestHoldSeconds: settings.longestHoldSeconds,
        heldTicketLimit: settings.heldTicketLimit, keepsHistory: settings.historyDays > 0,
        retriesFailedBatches: settings.retriesFailedBatches,
        triesTickets: settings.triesTickets, calls: calls, doubt: doubt, onEvent: onEvent)
    }
  }

  /// - Parameter pulse: Shows that the committer gets on with its batches.
  func run(_ pulse: Pulse) {
    var record = CommitRecord()
    while let batch = nextBatch() {
      pulse.begin()
      _ = process(batch, &record)
      pulse.end()
    }
    // The queue is drained: the other committers are to see it too.
    queue.broadcast()
  }

  /// Commits what can be committed of a batch, and ends it.
  ///
  /// - Returns: Whether the server has answered the commit.
  func process(_ batch: [HoldQueue.Entry], _ record: inout CommitRecord) -> Bool {
    reportWaits(of: batch)
    let (chosen, claims) = choosing(batch)
    let ready = deferringContended(chosen)
    defer { queue.wake(callersOf: books.end(claims)) }
    guard ready.isEmpty else { return commit(ready, &record) }
    queue.withLock { _ = $0.endBatch() }
    return false
  }

  private func nextBatch() -> [HoldQueue.Entry]? {
    while true {
      // The outer optional is the wait's, the inner the queue's end.
      let next: [HoldQueue.Entry]?? = queue.wait(
        until: { $0.nextDueTime(now: .now) },
        for: { queue in
          if let batch = queue.takeBatch(now: .now) { return .some(batch) }
          return queue.isDrained ? .some(nil) : nil
        })
      if let next { return next }
    }
  }

  private func reportWaits(of batch: [HoldQueue.Entry]) {
    let now = Instant.now
    onEvent(
      .begun(
        waitMicroseconds: batch.filter(\.isFirstTime).map {
          $0.payload.arrived.microseconds(until: now)
        }))
  }

  /// Defers what would only wait in vain, and returns the rest.
  private func deferringContended(_ batch: [HoldQueue.Entry]) -> [HoldQueue.Entry] {
    let now = Instant.now
    let advice = contended.withLock { contended in
      batch.map { contended.advice(for: $0.payload.committed.ticketIDs, now: now) }
    }
    var ready: [HoldQueue.Entry] = []
    ready.reserveCapacity(batch.count)
    for (entry, advice) in zip(batch, advice) {
      switch advice {
      case .goAhead: ready.append(entry)
      case .pause(let end), .refuse(let end):
        guard entry.payload.best == nil else {
          chooseOthers(entry, until: end)
          continue
        }
        queue.withLock { $0.deferUntil(end, [entry]) }
      }
    }
    reportDeferred(batch.count - ready.count)
    return ready
  }

  /// Commits a batch, ends it in the queue, and answers its callers or puts them back.
  private func commit(_ batch: [HoldQueue.Entry], _ record: inout CommitRecord) -> Bool {
    defer { record.advance() }
    let operations = batch.map(\.payload.committed)
    let statement = CommitStatement(operations, requestIDs: requestIDs(of: batch))
    // An entry that has little time left does not share a batch, so this takes no time from another.
    let deadline = batch.map(\.deadline).min() ?? .now
    do throws(PostgresError) {
      let (verdicts, start, end) = try pool.withConnection(deadline: deadline) {
        connection throws(PostgresError) in
        record.purgeOld(by: calls, on: connection, deadline: deadline)
        // Whether sales are strict is known only since there is a connection.
        let parameters = parameters(of: statement, record: record)
        let start = Instant.now
        let result = try connection.execute(
          calls.commit, calls.adding(parameters), deadline: deadline)
        let end = Instant.now
        let verdicts = try CommitVerdicts(
          result, of: operations, heldTicketLimit: heldTicketLimit)
        return (verdicts, start, end)
      }
      let microseconds = start.microseconds(until: end)
      onEvent(.committed(operations: batch.count, microseconds: microseconds))
      learn(verdicts, of: batch, now: end)
      deliver(verdicts.verdicts, to: batch, microseconds: microseconds)
      return true
    } catch {
      recover(batch, from: error, record)
      if case .server = error.code { return !calls.mayHaveCommitted(after: error) }
      return false
    }
  }

  /// By which requests a batch was asked for, for the history; empty if none is kept.
  func requestIDs(of batch: [HoldQueue.Entry]) -> [String?] {
    keepsHistory ? batch.map(\.payload.requestID) : []
  }

  /// - Parameter record: Nil for a trial.
  func parameters(of statement: CommitStatement, record: CommitRecord?) -> [PostgresParameter] {
    statement.parameters(
      longestHoldSeconds: longestHoldSeconds, isStrict: check.hasStrictSales,
      heldTicketLimit: heldTicketLimit, record: record)
  }

  /// Ends a batch and answers those of its callers about whom it has decided.
  ///
  /// - Parameter microseconds: How long the commit took; nil if it is not known.
  func deliver(
    _ verdicts: [CommitVerdicts.Verdict], to batch: [HoldQueue.Entry], microseconds: Int?
  ) {
    var decided: [(entry: HoldQueue.Entry, outcome: HoldOutcome)] = []
    var deferred: [(entry: HoldQueue.Entry, time: Instant)] = []
    var again: [HoldQueue.Entry] = []
    decided.reserveCapacity(batch.count)
    for (entry, verdict) in zip(batch, verdicts) {
      switch settlement(of: entry, verdict) {
      case .decided(let outcome): decided.append((entry, outcome))
      case .deferred: deferred.append((entry, backoff(doublings: entry.deferralCount)))
      case .chooseAgain: again.append(entry)
      }
    }
    // The next batch starts before this one's answers are encoded and sent.
    let callsCommitter = queue.withLock { queue in
      queue.finish(decided.count)
      for (entry, time) in deferred { queue.deferUntil(time, [entry]) }
      if !again.isEmpty { queue.putBack(again) }
      return queue.endBatch(microseconds: microseconds)
    }
    if callsCommitter { queue.signal() }
    reportDeferred(deferred.count)
    contended.withLock { contended in
      guard !contended.isEmpty else { return }
      for (entry, outcome) in decided {
        contended.remove(Self.uncontended(outcome, entry.payload.operation))
      }
    }
    for (entry, outcome) in decided { entry.payload.completion(outcome) }
  }

  func reportDeferred(_ count: Int) {
    if count > 0 { onEvent(.deferred(operations: count)) }
  }

  /// The tickets of which an outcome shows that no insert of another session is in progress.
  private static func uncontended(_ outcome: HoldOutcome, _ operation: HoldOperation) -> [String] {
    switch outcome {
    case .granted, .sold: operation.ticketIDs
    case .chosen(let ticketIDs, _): ticketIDs
    case .refused(let tickets): tickets.filter { $0.reason == .held }.map(\.ticketID)
    case .released, .notEnough, .overLimit, .orderMismatch, .failed: []
    }
  }

  /// Answers callers of a batch that has no outcome for them.
  func answer(_ batch: [HoldQueue.Entry], _ failure: HoldFailure) {
    queue.withLock { $0.finish(batch.count) }
    for entry in batch { entry.payload.completion(.failed(failure)) }
  }

  /// When to try again: after a millisecond, doubled each time, up to a bound.
  func backoff(doublings: Int) -> Instant {
    Instant.now.advanced(
      byMilliseconds: min(1 << min(doublings, 10), Self.longestPauseMilliseconds))
  }
}
