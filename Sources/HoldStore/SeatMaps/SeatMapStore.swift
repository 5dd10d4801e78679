public import Holds
internal import Postgres
internal import Threads

/// Seat maps and lists from PostgreSQL.
///
/// Readers take from the cache what is to be asked next. They have connections of their own, and what
/// they ask for never waits for a commit, nor a commit for them.
public final class SeatMapStore: SeatMapService {
  private typealias Completion = @Sendable (ReadOutcome<SeatMapAnswer>) -> Void

  private struct Waiter: Sendable {
    let completion: Completion
  }

  private typealias Cache = SeatMapCache<Waiter, Instant>

  private static let tickMilliseconds = 50

  private let settings: SeatMapSettings
  private let clock: WallClock
  private let cache: Monitor<Cache>
  private let reader: SeatMapReader
  private let maps: ReadingPool
  private let lists: TicketLists
  private let onEvent: @Sendable (HoldStoreEvent) -> Void
  private let isStopping = Monitor(false)
  private let threads = WorkerThreads()

  /// Starts the store; a database that cannot be reached is tried again in the background.
  ///
  /// - Parameters:
  ///   - clock: Tells the second; a test's may stand still.
  ///   - store: The holds in the same database: both use the same server of it.
  public init(
    settings: SeatMapSettings, clock: WallClock = .system, beside store: HoldStore? = nil,
    onEvent: @escaping @Sendable (HoldStoreEvent) -> Void
  ) {
    self.settings = settings
    self.clock = clock
    self.onEvent = onEvent
    let connector = store?.connector ?? PostgresConnector(conninfo: settings.conninfo)
    cache = Monitor(SeatMapCache(limits: settings.limits))
    reader = SeatMapReader(
      longestHoldSeconds: settings.longestHoldSeconds, isSharded: settings.isSharded)
    maps = ReadingPool(
      connector: connector, connections: settings.readers,
      connectTimeoutMilliseconds: settings.connectTimeoutMilliseconds,
      statementTimeoutMilliseconds: settings.readTimeoutMilliseconds,
      isSharded: settings.isSharded,
      onFailure: { onEvent(.connectFailed($0)) })
    lists = TicketLists(
      settings: settings, connector: connector, reader: reader, onEvent: onEvent)
    for _ in 0..<settings.readers { threads.start { self.readUntilStopped() } }
    threads.start { self.keepDeadlines() }
  }

  /// Gives a part of an event's seat map, read in this second of the clock or the one before.
  public func seatMap(
    _ part: SeatMapPart, of eventID: EventID,
    completion: @escaping @Sendable (ReadOutcome<SeatMapAnswer>) -> Void
  ) {
    let deadline = Instant.now.advanced(byMilliseconds: settings.answerTimeoutMilliseconds)
    let second = clock.second()
    let result = cache.withLock {
      $0.ask(
        part, of: eventID, waiter: Waiter(completion: completion), second: second,
        deadline: deadline)
    }
    if let result { completion(outcome(of: result)) } else { cache.signal() }
  }

  /// Gives all tickets of an event.
  public func tickets(
    of eventID: EventID, showsSales: Bool,
    completion: @escaping @Sendable (ReadOutcome<LongBody>) -> Void
  ) {
    lists.request(eventID, showsSales: showsSales, completion: completion)
  }

  /// Answers whoever still waits, and closes the connections.
  public func stop() {
    isStopping.withLock { $0 = true }
    isStopping.broadcast()
    let waiting = cache.withLock { $0.stop() }
    cache.broadcast()
    for waiter in waiting { waiter.completion(.failed(.stopping)) }
    maps.pool.close()
    lists.stop()
    threads.join()
  }

  private func readUntilStopped() {
    while true {
      let next = cache.wait(
        until: { [clock] in $0.hasWork ? clock.nextSecond() : nil },
        for: { [clock, isStopping] cache -> Cache.Work?? in
          if isStopping.withLock({ $0 }) { return .some(nil) }
          return cache.nextWork(second: clock.second()).map { .some($0) }
        })
      switch next {
      case .some(.some(.look(let eventIDs))): look(for: eventIDs)
      case .some(.some(.read(let eventID, let withLayout))):
        read(eventID, withLayout: withLayout)
      case .some(.none): return
      // A second has begun.
      case .none: continue
      }
    }
  }

  private func look(for eventIDs: [EventID]) {
    let result = onConnection { connection, deadline throws(SeatMapReader.Problem) in
      try reader.look(for: eventIDs, on: connection, deadline: deadline)
    }
    let answers = cache.withLock { cache in
      switch result {
      case .success(let found): cache.endLook(found: found)
      case .failure(let problem): cache.endLook(found: nil, failure: problem.failure)
      }
    }
    hand(out: answers)
  }

  private func read(_ eventID: EventID, withLayout: Bool) {
    let result = onConnection { connection, deadline throws(SeatMapReader.Problem) in
      try reader.read(eventID, withLayout: withLayout, on: connection, deadline: deadline)
    }
    let reading: Cache.Reading =
      switch result {
      case .success(let snapshot?): .snapshot(snapshot)
      case .success(nil): .gone
      case .failure(let problem): .failed(problem.failure)
      }
    hand(out: cache.withLock { $0.endRead(of: eventID, reading) })
  }

  private func hand(out answers: Cache.Answers) {
    // What is to be read next may have come of it.
    cache.signal()
    for answer in answers { answer.waiter.completion(outcome(of: answer.outcome)) }
  }

  private func outcome(of result: Cache.ReadResult) -> ReadOutcome<SeatMapAnswer> {
    switch result {
    case .notFound: return .notFound
    case .failed(let failure): return .failed(failure)
    case .found(let document, let second):
      return .found(
        SeatMapAnswer(tag: document.tag, second: second) { [lists] coding in
          if coding == .gzip { return LongBody([document.gzip]) }
          if let identity = document.identity { return LongBody([identity]) }
          return lists.countedBody { Gzip.expand(document.gzip) }
        })
    }
  }

  private func onConnection<Value>(
    _ body: (PostgresConnection, Instant) throws(SeatMapReader.Problem) -> Value
  ) -> Result<Value, SeatMapReader.Problem> {
    let deadline = Instant.now.advanced(byMilliseconds: settings.answerTimeoutMilliseconds)
    return maps.run(deadline: deadline, onEvent: onEvent) {
      connection throws(SeatMapReader.Problem) in
      try body(connection, deadline)
    }
  }

  private func keepDeadlines() {
    while true {
      let next = Instant.now.advanced(byMilliseconds: Self.tickMilliseconds)
      let isDone: Void? = isStopping.wait(until: next) { $0 ? () : nil }
      if isDone != nil { return }
      let now = Instant.now
      let late = cache.withLock { $0.takeExpired(now: now) }
      for waiter in late { waiter.completion(.failed(.databaseUnreachable)) }
      lists.expire(now: now)
    }
  }
}
