internal import Holds
internal import Postgres
internal import Threads

/// Keeps the deadlines of what waits, and sweeps now and then, until the store stops.
struct Housekeeper: Sendable {
  private static let tickMilliseconds = 20

  let queue: Monitor<HoldQueue>

  /// The queues of a sharded store, whose own one is empty.
  let lanes: Lanes?
  let isStopping: Monitor<Bool>
  let sweeper: Sweeper
  let report: Monitor<SweepReport>
  let onEvent: @Sendable (HoldStoreEvent) -> Void

  /// Answers entries whose time is over, and has another batch start beside one that takes long.
  ///
  /// - Parameter pulse: Shows that the deadlines are kept.
  func keepDeadlines(_ others: [@Sendable (Instant) -> Void], _ pulse: Pulse) {
    while true {
      let next = Instant.now.advanced(byMilliseconds: Self.tickMilliseconds)
      let isDone: Void? = isStopping.wait(until: next) { _ in
        queue.withLock { $0.isDrained } && lanes?.isDrained ?? true ? () : nil
      }
      if isDone != nil { return }
      pulse.begin()
      defer { pulse.end() }
      let now = Instant.now
      let expired = queue.withLock { $0.takeExpired(now: now) }
      for entry in expired { entry.expire() }
      lanes?.expire(now: now)
      // A committer that waits for the queue to drain may have waited for these.
      if !expired.isEmpty || queue.withLock({ $0.isImpatient(now: now) }) { queue.broadcast() }
      for expire in others { expire(now) }
    }
  }

  func sweepPeriodically(intervalMilliseconds: Int, timeoutMilliseconds: Int) {
    while true {
      let next = Instant.now.advanced(byMilliseconds: intervalMilliseconds)
      let isDone: Void? = isStopping.wait(until: next) { $0 ? () : nil }
      if isDone != nil { return }
      let deadline = Instant.now.advanced(
        byMilliseconds: min(intervalMilliseconds, timeoutMilliseconds))
      _ = reporting { () throws(PostgresError) in
        try sweeper.sweepUnlessInProgress(deadline: deadline)
      }
    }
  }

  /// Sweeps for callers of `releaseExpired`.
  func sweep(timeoutMilliseconds: Int) -> HoldFailure? {
    let deadline = Instant.now.advanced(byMilliseconds: timeoutMilliseconds)
    return reporting { () throws(PostgresError) in try sweeper.sweep(deadline: deadline) }
  }

  private func reporting(
    _ work: () throws(PostgresError) -> Sweeper.Result?
  ) -> HoldFailure? {
    do throws(PostgresError) {
      let result = try work()
      report.withLock { report in
        report.last = .now
        if let result { report.liveHolds = result.liveRows }
      }
      if let result { onEvent(.swept(result)) }
      return nil
    } catch {
      onEvent(.sweepFailed(error))
      return Self.failure(error)
    }
  }

  /// What was swept before the error stays swept.
  private static func failure(_ error: PostgresError) -> HoldFailure {
    switch error.code {
    case .noConnection: .databaseUnreachable
    case .timedOut, .deadlinePassed, .server(.queryCanceled), .server(.lockNotAvailable),
      .server(.deadlockDetected), .server(.serializationFailure), .server(.readOnlyTransaction):
      .sweepLate
    case .server where !error.mayHaveCommitted: .sweepRefused
    default: .outcomeUnknown
    }
  }
}
