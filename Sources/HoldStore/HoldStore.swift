public import Holds
internal import Postgres
public import Threads

/// The holds in PostgreSQL: a commit queue with its committers, the sweep, and the readiness check.
///
/// Every call returns at once; completions run on the store's threads, each exactly once.
public final class HoldStore: HoldService {
  private let settings: HoldStoreSettings
  private let pool: Pool

  /// What is known of the database's servers.
  let connector: PostgresConnector
  private let check: DatabaseCheck
  private let queue: Monitor<HoldQueue>

  /// In place of the queue, where the tickets are on several servers.
  private let lanes: Lanes?
  private let contended: Monitor<ContendedTickets<Instant>>
  private let releases: SingleFlight<HoldFailure?>
  private let checks: SingleFlight<Readiness.Database>
  private let books: SeatBooks
  private let sweepReport = Monitor(SweepReport())
  private let onEvent: @Sendable (HoldStoreEvent) -> Void
  private let isStopping = Monitor(false)
  private let pulses: [Pulse]
  private let committers = WorkerThreads()
  private let others = WorkerThreads()

  /// Starts the store; a database that cannot be reached is tried again in the background.
  public init(
    settings: HoldStoreSettings, onEvent: @escaping @Sendable (HoldStoreEvent) -> Void
  ) {
    let check = DatabaseCheck(
      strictSales: settings.strictSales, hasConfirms: settings.hasConfirms,
      hasLimit: settings.heldTicketLimit > 0, hasHistory: settings.historyDays > 0,
      isSharded: settings.shardKey != nil, onEvent: onEvent)
    let sessions = Sessions(settings: settings, check: check)
    let pool = Pool(
      limits: settings.pool,
      open: { deadline throws(PostgresError) in try sessions.open(deadline: deadline) },
      isEngine: settings.shardKey != nil,
      connector: sessions.connector,
      onFailure: { onEvent(.connectFailed($0)) })
    self.settings = settings
    self.onEvent = onEvent
    self.check = check
    self.pool = pool
    connector = sessions.connector
    queue = Monitor(CommitQueue(limits: settings.queue))
    pulses = (0...settings.committers).map { _ in Pulse() }
    contended = Monitor(ContendedTickets(limit: settings.queue.waitingOperations))
    books = SeatBooks(
      limits: BestLimits(
        events: settings.bestEvents, seats: settings.bestSeats,
        askedEvents: settings.bestEvents + 2 * settings.queue.waitingOperations))
    let makeCommitter = Committer.maker(
      settings, pool: pool, contended: contended, books: books, check: check, onEvent: onEvent)
    lanes = settings.shardKey.map { shardKey in
      Lanes(
        shardKey, limits: settings.queue, probeMilliseconds: settings.statementTimeoutMilliseconds,
        committers: settings.committers
      ) { key in
        Lane(limits: settings.queue) { makeCommitter($0, .keyed(key), $1) }
      }
    }
    let housekeeper = Housekeeper(
      queue: queue, lanes: lanes, isStopping: isStopping,
      sweeper: Sweeper(
        pool: pool, pagesPerStatement: settings.sweepPages,
        longestHoldSeconds: settings.longestHoldSeconds, isSharded: settings.shardKey != nil),
      report: sweepReport, onEvent: onEvent)
    // It is given up early enough to tell its callers.
    let sweepTimeout = settings.answerTimeoutMilliseconds * 3 / 4
    releases = SingleFlight(
      unbegunResult: .databaseUnreachable, lateResult: .sweepLate
    ) {
      housekeeper.sweep(timeoutMilliseconds: sweepTimeout)
    }
    let readinessTimeout = settings.readinessTimeoutMilliseconds
    checks = SingleFlight(unbegunResult: .unreachable, lateResult: .unreachable) {
      Self.checkDatabase(
        check, pool, deadline: Instant.now.advanced(byMilliseconds: readinessTimeout))
    }
    startThreads(housekeeper, makeCommitter(queue, .plain, nil), onEvent)
  }

  /// Puts an operation into the commit queue.
  public func submit(
    _ operation: HoldOperation, completion: @escaping @Sendable (HoldOutcome) -> Void
  ) {
    submit(operation, requestID: nil, completion)
  }

  /// Puts an operation into the commit queue, for a request that the history is to know.
  public func submit(
    _ operation: HoldOperation, requestID: String,
    completion: @escaping @Sendable (HoldOutcome) -> Void
  ) {
    submit(operation, requestID: requestID, completion)
  }

  private func submit(
    _ operation: HoldOperation, requestID: String?,
    _ answer: @escaping @Sendable (HoldOutcome) -> Void
  ) {
    let now = Instant.now
    let completion: @Sendable (HoldOutcome) -> Void = { [onEvent] outcome in
      onEvent(.answered(operation, outcome))
      answer(outcome)
    }
    let submission = Submission(
      operation, requestID: requestID, arrived: now,
      completion: lanes.map { $0.counting(completion) } ?? completion)
    let timeout = settings.answerTimeoutMilliseconds
    if case .refuse = contended.withLock({ $0.advice(for: operation.ticketIDs, now: now) }) {
      return completion(.failed(.contended))
    }
    let longestPatience = settings.overlapAfterMilliseconds * 1000
    func enqueue(_ queue: inout HoldQueue) -> HoldQueue.Admission {
      let patience = queue.patienceMicroseconds(atMost: longestPatience)
      return queue.enqueue(
        submission, ticketCount: operation.ticketCount,
        deadline: now.advanced(byMilliseconds: timeout),
        patientUntil: now.advanced(byMicroseconds: patience),
        sharesUntil: now.advanced(byMilliseconds: timeout * 3 / 4),
        startsUntil: now.advanced(byMilliseconds: timeout * 19 / 20))
    }
    switch lanes?.enqueue(operation, enqueue) ?? queue.withLock(enqueue) {
    case .accepted(let callsCommitter): if callsCommitter, lanes == nil { queue.signal() }
    case .full: completion(.failed(.queueFull))
    case .stopping: completion(.failed(.stopping))
    }
  }

  /// Deletes every expired row; calls that arrive together share one sweep.
  public func releaseExpired(completion: @escaping @Sendable (HoldFailure?) -> Void) {
    let deadline = Instant.now.advanced(byMilliseconds: settings.answerTimeoutMilliseconds)
    releases.request(deadline: deadline, completion: completion)
  }

  /// Asks within the readiness timeout whether the database would take commits.
  public func checkReadiness(completion: @escaping @Sendable (Readiness) -> Void) {
    let isStopping = isStopping.withLock { $0 }
    let deadline = Instant.now.advanced(byMilliseconds: settings.readinessTimeoutMilliseconds)
    checks.request(deadline: deadline) { [check] database in
      completion(
        Readiness(
          database: database, isStopping: isStopping, hasStrictSales: check.reportedStrictSales))
    }
  }

  /// What the store knows of itself at this moment, for metrics and status lines. It takes two locks for
  /// a few instructions each, and asks no database.
  public func snapshot() -> HoldStoreSnapshot {
    let sweeps = sweepReport.withLock { $0 }
    let age = sweeps.last.microseconds(until: .now)
    return HoldStoreSnapshot(
      waitingOperations: waitingCount, waitingOperationsLimit: settings.queue.waitingOperations,
      pool: pool.counts, liveHolds: sweeps.liveHolds,
      sweepAgeSeconds: settings.sweepIntervalMilliseconds > 0 ? Double(age) / 1e6 : nil)
  }

  /// How many operations wait for a commit.
  public var waitingCount: Int {
    lanes?.operationCount ?? queue.withLock { $0.waitingCount }
  }

  /// Whether commits and deadlines are attended to: no batch takes far longer than its callers wait.
  public func isWorking(at now: Instant) -> Bool {
    let limit = settings.answerTimeoutMilliseconds * 2 + Self.stuckMarginMilliseconds
    return pulses.allSatisfy { $0.busyMilliseconds(at: now) < limit }
  }

  private static let stuckMarginMilliseconds = 10_000

  private static func checkDatabase(
    _ check: DatabaseCheck, _ pool: Pool, deadline: Instant
  ) -> Readiness.Database {
    let state = try? pool.withConnection(deadline: deadline) { connection throws(PostgresError) in
      try check.run(on: connection, deadline: deadline)
    }
    return state ?? .unreachable
  }

  /// Reports itself as not ready from now on, and goes on serving.
  public func prepareToStop() {
    isStopping.withLock { $0 = true }
    isStopping.broadcast()
  }

  /// Commits what is in the queue, accepts nothing more, and closes the connections.
  public func stop() {
    prepareToStop()
    queue.withLock { $0.stop() }
    queue.broadcast()
    lanes?.stop()
    // The others keep the deadlines until the committers are done.
    committers.join()
    books.stop()
    releases.stop()
    checks.stop()
    // It ends the wait of a sweep for a connection.
    pool.close()
    others.join()
  }

  private func startThreads(
    _ housekeeper: Housekeeper, _ committer: Committer,
    _ onEvent: @escaping @Sendable (HoldStoreEvent) -> Void
  ) {
    for pulse in pulses.dropLast() {
      committers.start { [lanes] in
        if let lanes { lanes.run(pulse) } else { committer.run(pulse) }
      }
    }
    let (releases, checks, pulse) = (releases, checks, pulses[settings.committers])
    let looker = SeatLooker(
      books: books, pool: pool, longestHoldSeconds: settings.longestHoldSeconds,
      isSharded: lanes != nil, timeoutMilliseconds: settings.answerTimeoutMilliseconds,
      onEvent: onEvent
    ) { [lanes, queue] events in
      if let lanes { lanes.wake(callersOf: events) } else { queue.wake(callersOf: events) }
    }
    others.start { looker.run() }
    others.start {
      housekeeper.keepDeadlines([{ releases.expire(now: $0) }, { checks.expire(now: $0) }], pulse)
    }
    let interval = settings.sweepIntervalMilliseconds
    let timeout = settings.answerTimeoutMilliseconds
    if interval > 0 {
      others.start {
        housekeeper.sweepPeriodically(intervalMilliseconds: interval, timeoutMilliseconds: timeout)
      }
    }
    if settings.historyDays > 0 {
      let days = settings.historyDays
      let (pool, isStopping) = (pool, isStopping)
      others.start {
        HistoryKeeper(pool: pool, days: days, onEvent: onEvent).run(
          until: isStopping, timeoutMilliseconds: timeout)
      }
    }
  }
}
