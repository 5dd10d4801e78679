internal import Holds
internal import Postgres
internal import Threads

/// Takes batches from the queue and commits each in one round trip, until the queue is drained.
struct Committer: Sendable {
  let queue: Monitor<HoldQueue>
  let pool: Pool
  let contended: Monitor<ContendedTickets<Instant>>
  let contentionMilliseconds: Int

  /// How long a server that is alive may be silent: its own limit on statements, and some more.
  let silenceMilliseconds: Int
  let longestHoldSeconds: Double
  let onEvent: @Sendable (HoldStoreEvent) -> Void

  /// Batches that lost a race are run again together this often, and then one by one.
  static let sharedRetries = 3
  private static let longestPauseMilliseconds = 50

  func run() {
    var record = CommitRecord()
    while let batch = nextBatch() {
      let ready = puttingOffContended(batch)
      let milliseconds = ready.isEmpty ? nil : commit(ready, &record)
      queue.withLock { $0.endBatch(milliseconds: milliseconds) }
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

  /// Puts off what would only wait in vain, and returns the rest.
  private func puttingOffContended(_ batch: [HoldQueue.Entry]) -> [HoldQueue.Entry] {
    let now = Instant.now
    let advice = contended.withLock { contended in
      batch.map { contended.advice(for: $0.payload.operation.ticketIDs, now: now) }
    }
    var ready: [HoldQueue.Entry] = []
    ready.reserveCapacity(batch.count)
    for (entry, advice) in zip(batch, advice) {
      switch advice {
      case .goAhead: ready.append(entry)
      case .pause(let end), .refuse(let end):
        queue.withLock { $0.putOff([entry], notBefore: end) }
      }
    }
    return ready
  }

  /// - Returns: How long the server took, if it answered.
  private func commit(_ batch: [HoldQueue.Entry], _ record: inout CommitRecord) -> Int? {
    defer { record.advance() }
    let operations = batch.map(\.payload.operation)
    let statement = CommitStatement(operations)
    let parameters = statement.parameters(longestHoldSeconds: longestHoldSeconds, record: record)
    // Who has little time left does not share a batch, so this takes no time from anybody.
    let deadline = batch.map(\.deadline).min() ?? .now
    do throws(PostgresError) {
      let (verdicts, milliseconds) = try pool.withConnection(deadline: deadline) {
        connection throws(PostgresError) in
        record.forgetOld(on: connection, deadline: deadline)
        let start = Instant.now
        let silence = start.advanced(byMilliseconds: silenceMilliseconds)
        let result = try connection.execute(
          CommitStatement.statement, parameters, deadline: min(deadline, silence))
        return (CommitVerdicts(result, of: operations), start.milliseconds(until: .now))
      }
      deliver(verdicts.verdicts, to: batch)
      return milliseconds
    } catch {
      fail(batch, error, record)
      return nil
    }
  }

  func deliver(_ verdicts: [CommitVerdicts.Verdict], to batch: [HoldQueue.Entry]) {
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
    contended.withLock { contended in
      guard !contended.isEmpty else { return }
      for (entry, outcome) in settled {
        contended.remove(Self.uncontended(outcome, entry.payload.operation))
      }
    }
    for (entry, outcome) in settled { entry.payload.completion(outcome) }
  }

  /// The tickets of which an outcome shows that nobody's insert of them is under way.
  private static func uncontended(_ outcome: HoldOutcome, _ operation: HoldOperation) -> [String] {
    switch outcome {
    case .granted: operation.ticketIDs
    case .refused(let tickets): tickets.filter { $0.reason == .held }.map(\.ticketID)
    case .released, .failed: []
    }
  }

  func answer(_ batch: [HoldQueue.Entry], _ reason: HoldFailure) {
    queue.withLock { $0.settle(batch.count) }
    for entry in batch { entry.payload.completion(.failed(reason)) }
  }

  func pause(milliseconds: Int, doublings: Int) -> Instant {
    let pause = min(milliseconds << min(doublings, 10), Self.longestPauseMilliseconds)
    return Instant.now.advanced(byMilliseconds: pause)
  }
}
