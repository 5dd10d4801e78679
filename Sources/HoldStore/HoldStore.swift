public import Holds
internal import Postgres
internal import Threads

/// The holds in PostgreSQL: a commit queue with its committers, the sweep, and the readiness check.
///
/// Every call returns at once; completions run on the store's threads, each exactly once.
public final class HoldStore: HoldService {
  private static let tickMilliseconds = 20

  /// How long after its `statement_timeout` the server may take to say so.
  private static let answerMilliseconds = 500

  private let settings: HoldStoreSettings
  private let onEvent: @Sendable (HoldStoreEvent) -> Void
  private let pool: Pool
  private let queue: Monitor<HoldQueue>
  private let contended: Monitor<ContendedTickets<Instant>>
  private let releases: SingleFlight<HoldFailure?>
  private let checks: SingleFlight<Bool>
  private let isStopping = Monitor(false)
  private let committers: Monitor<[WorkerThread]> = Monitor([])
  private let others: Monitor<[WorkerThread]> = Monitor([])

  /// Starts the store; a database that is away is waited for in the background.
  public init(
    settings: HoldStoreSettings, onEvent: @escaping @Sendable (HoldStoreEvent) -> Void
  ) {
    self.settings = settings
    self.onEvent = onEvent
    let pool = Pool(
      limits: settings.pool, open: Self.makeOpener(settings),
      onFailure: { onEvent(.connectFailed($0)) })
    let sweeper = Sweeper(pool: pool, pagesPerStatement: settings.sweepPages)
    let readinessTimeout = settings.readinessTimeoutMilliseconds
    self.pool = pool
    queue = Monitor(CommitQueue(limits: settings.queue))
    contended = Monitor(ContendedTickets(limit: settings.queue.waitingOperations))
    // Given up early enough to say what became of it.
    let sweepTimeout = settings.answerTimeoutMilliseconds * 3 / 4
    releases = SingleFlight(
      unbegunResult: .databaseUnreachable, lateResult: .outcomeUnknown
    ) {
      let deadline = Instant.now.advanced(byMilliseconds: sweepTimeout)
      return Self.sweep(onEvent) { () throws(PostgresError) in
        try sweeper.sweep(deadline: deadline)
      }
    }
    checks = SingleFlight(unbegunResult: false, lateResult: false) {
      Self.answers(pool, deadline: Instant.now.advanced(byMilliseconds: readinessTimeout))
    }
    startThreads(sweeper)
  }

  /// Puts an operation into the commit queue.
  public func submit(
    _ operation: HoldOperation, completion: @escaping @Sendable (HoldOutcome) -> Void
  ) {
    let submission = Submission(operation: operation, completion: completion)
    let now = Instant.now
    let timeout = settings.answerTimeoutMilliseconds
    if case .refuse = contended.withLock({ $0.advice(for: operation.ticketIDs, now: now) }) {
      return completion(.failed(.contended))
    }
    let admission = queue.withLock {
      $0.enqueue(
        submission, ticketCount: operation.ticketIDs.count,
        deadline: now.advanced(byMilliseconds: timeout),
        patientUntil: now.advanced(byMilliseconds: settings.overlapAfterMilliseconds),
        sharesUntil: now.advanced(byMilliseconds: timeout * 3 / 4),
        startsUntil: now.advanced(byMilliseconds: timeout * 19 / 20))
    }
    switch admission {
    case .accepted(let callsCommitter): if callsCommitter { queue.signal() }
    case .full: completion(.failed(.queueFull))
    case .stopping: completion(.failed(.stopping))
    }
  }

  /// Deletes every expired row; calls that come together share one sweep.
  public func releaseExpired(completion: @escaping @Sendable (HoldFailure?) -> Void) {
    let deadline = Instant.now.advanced(byMilliseconds: settings.answerTimeoutMilliseconds)
    releases.request(deadline: deadline, completion: completion)
  }

  /// Asks the database for a sign of life within the readiness timeout.
  public func checkReadiness(completion: @escaping @Sendable (Readiness) -> Void) {
    let isStopping = isStopping.withLock { $0 }
    let deadline = Instant.now.advanced(byMilliseconds: settings.readinessTimeoutMilliseconds)
    checks.request(deadline: deadline) { answers in
      completion(Readiness(database: answers ? .ok : .unreachable, isStopping: isStopping))
    }
  }

  /// Reports itself as not ready from now on, and goes on serving.
  public func prepareToStop() {
    isStopping.withLock { $0 = true }
    isStopping.broadcast()
  }

  /// Commits what is in the queue, takes nothing in any more, and closes the connections.
  public func stop() {
    prepareToStop()
    queue.withLock { $0.stop() }
    queue.broadcast()
    // The others keep the deadlines until the committers are done.
    join(committers)
    releases.stop()
    checks.stop()
    // It ends the wait of a sweep for a connection.
    pool.close()
    join(others)
  }

  private func join(_ threads: Monitor<[WorkerThread]>) {
    let ended = threads.withLock { threads in
      defer { threads = [] }
      return threads
    }
    for thread in ended { thread.join() }
  }

  private func startThreads(_ sweeper: Sweeper) {
    let committer = Committer(
      queue: queue, pool: pool, contended: contended,
      contentionMilliseconds: settings.contentionMilliseconds,
      silenceMilliseconds: settings.statementTimeoutMilliseconds + Self.answerMilliseconds,
      longestHoldSeconds: settings.longestHoldSeconds, onEvent: onEvent)
    let started = (0..<settings.committers).map { _ in WorkerThread { committer.run() } }
    committers.withLock { $0 = started }
    var more = [WorkerThread { [self] in keepDeadlines() }]
    if settings.sweepIntervalMilliseconds > 0 {
      more.append(WorkerThread { [self] in sweepPeriodically(sweeper) })
    }
    others.withLock { $0 = more }
  }

  private func keepDeadlines() {
    while true {
      let next = Instant.now.advanced(byMilliseconds: Self.tickMilliseconds)
      let isDone: Void? = isStopping.wait(until: next) { _ in
        queue.withLock { $0.isDrained } ? () : nil
      }
      if isDone != nil { return }
      let now = Instant.now
      let expired = queue.withLock { $0.takeExpired(now: now) }
      for entry in expired {
        entry.payload.completion(
          .failed(
            entry.putOffCount + entry.failureCount > 0 ? .contended : .databaseUnreachable))
      }
      // A committer that waits for the queue to drain may have waited for these.
      if !expired.isEmpty || queue.withLock({ $0.isImpatient(now: now) }) { queue.broadcast() }
      releases.expire(now: now)
      checks.expire(now: now)
    }
  }

  private func sweepPeriodically(_ sweeper: Sweeper) {
    let interval = settings.sweepIntervalMilliseconds
    while true {
      let next = Instant.now.advanced(byMilliseconds: interval)
      let isDone: Void? = isStopping.wait(until: next) { $0 ? () : nil }
      if isDone != nil { return }
      let deadline = Instant.now.advanced(
        byMilliseconds: min(interval, settings.answerTimeoutMilliseconds))
      _ = Self.sweep(onEvent) { () throws(PostgresError) in
        try sweeper.sweepUnlessUnderWay(deadline: deadline)
      }
    }
  }
}

extension HoldStore {
  /// Opens a connection for the pool and sets the server's own limits on it.
  private static func makeOpener(_ settings: HoldStoreSettings) -> Pool.Opener {
    let connector = PostgresConnector(conninfo: settings.conninfo)
    return { deadline throws(PostgresError) in
      let connection = try connector.connect(deadline: deadline)
      try connection.run(
        script: """
          SET default_transaction_isolation = 'read committed';
          SELECT set_config('synchronous_commit', 'on', false)
           WHERE current_setting('synchronous_commit') = 'off';
          SET plan_cache_mode = force_generic_plan;
          SET statement_timeout = \(settings.statementTimeoutMilliseconds);
          SET lock_timeout = \(settings.lockTimeoutMilliseconds);
          SET idle_in_transaction_session_timeout = \(settings.statementTimeoutMilliseconds);
          """, deadline: deadline)
      do throws(PostgresError) {
        try connection.prepare(CommitStatement.statement, deadline: deadline)
      } catch {
        guard error.code == .server(.undefinedFunction) else { throw error }
        throw PostgresError(error.code, "\(error.message): has `holdfast migrate` been run here?")
      }
      return connection
    }
  }

  private static func sweep(
    _ onEvent: (HoldStoreEvent) -> Void, _ work: () throws(PostgresError) -> Int?
  ) -> HoldFailure? {
    do throws(PostgresError) {
      if let rows = try work() { onEvent(.swept(rows: rows)) }
      return nil
    } catch {
      onEvent(.sweepFailed(error))
      // What was swept before the failure stays swept.
      return error.code == .noConnection ? .databaseUnreachable : .outcomeUnknown
    }
  }

  private static func answers(_ pool: Pool, deadline: Instant) -> Bool {
    do throws(PostgresError) {
      try pool.withConnection(deadline: deadline) { connection throws(PostgresError) in
        _ = try connection.query("SELECT 1", deadline: deadline)
      }
      return true
    } catch {
      return false
    }
  }
}
