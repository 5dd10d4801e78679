internal import Holds
internal import Postgres
internal import Threads

/// Lists of an event's tickets: each is read for its own caller, one after the other.
///
/// A list is in memory once, from its first row until it has been sent; so many are at once as the
/// settings allow, and further ones are refused.
final class TicketLists: Sendable {
  private typealias Completion = @Sendable (ReadOutcome<LongBody>) -> Void

  private struct Request: Sendable {
    let eventID: EventID
    let showsSales: Bool
    let deadline: Instant
    let completion: Completion
    let place: Place
  }

  private struct State {
    var waiting: [Request] = []
    var isStopping = false
  }

  /// One of the places for a long answer, given back with the last reference to it.
  private final class Place: Sendable {
    private let taken: Monitor<Int>

    init?(_ taken: Monitor<Int>, limit: Int) {
      self.taken = taken
      let isFree = taken.withLock { taken in
        taken += 1
        return taken <= limit
      }
      if !isFree { return nil }
    }

    deinit { taken.withLock { $0 -= 1 } }
  }

  private static let pieceBytes = 262_144

  private let settings: SeatMapSettings
  private let reader: SeatMapReader
  private let pool: ReadingPool
  private let onEvent: @Sendable (HoldStoreEvent) -> Void
  private let state = Monitor(State())
  private let listsTaken = Monitor(0)
  private let bodiesTaken = Monitor(0)
  private let threads = WorkerThreads()

  init(
    settings: SeatMapSettings, connector: PostgresConnector, reader: SeatMapReader,
    onEvent: @escaping @Sendable (HoldStoreEvent) -> Void
  ) {
    self.settings = settings
    self.reader = reader
    self.onEvent = onEvent
    pool = ReadingPool(
      connector: connector, connections: 1,
      connectTimeoutMilliseconds: settings.connectTimeoutMilliseconds,
      statementTimeoutMilliseconds: settings.answerTimeoutMilliseconds,
      isSharded: settings.isSharded,
      onFailure: { onEvent(.connectFailed($0)) })
    threads.start { self.readUntilStopped() }
  }

  func request(
    _ eventID: EventID, showsSales: Bool,
    completion: @escaping @Sendable (ReadOutcome<LongBody>) -> Void
  ) {
    guard let place = Place(listsTaken, limit: settings.lists) else {
      return completion(.failed(.busy))
    }
    let deadline = Instant.now.advanced(byMilliseconds: settings.answerTimeoutMilliseconds)
    let request = Request(
      eventID: eventID, showsSales: showsSales, deadline: deadline, completion: completion,
      place: place)
    let isTaken = state.withLock { state in
      if !state.isStopping { state.waiting.append(request) }
      return !state.isStopping
    }
    if isTaken { state.signal() } else { completion(.failed(.stopping)) }
  }

  /// A long body that is not a list; nil when there are as many as the settings allow.
  func countedBody(_ make: () -> [[UInt8]]) -> LongBody? {
    guard let place = Place(bodiesTaken, limit: settings.lists) else { return nil }
    return LongBody(make()) { withExtendedLifetime(place) {} }
  }

  /// Answers those who have waited for too long.
  func expire(now: Instant) {
    let late = state.withLock { state in
      defer { state.waiting.removeAll { $0.deadline <= now } }
      return state.waiting.filter { $0.deadline <= now }
    }
    for request in late { request.completion(.failed(.busy)) }
  }

  func stop() {
    let waiting = state.withLock { state in
      state.isStopping = true
      defer { state.waiting = [] }
      return state.waiting
    }
    state.broadcast()
    for request in waiting { request.completion(.failed(.stopping)) }
    pool.pool.close()
    threads.join()
  }

  private func readUntilStopped() {
    while true {
      let next = state.wait(until: nil) { state -> Request?? in
        if !state.waiting.isEmpty { return .some(state.waiting.removeFirst()) }
        return state.isStopping ? .some(nil) : nil
      }
      guard let next, let request = next else { return }
      answer(request)
    }
  }

  private func answer(_ request: Request) {
    let result = pool.run(deadline: request.deadline, onEvent: onEvent) {
      connection throws(SeatMapReader.Problem) in
      try reader.list(
        request.eventID, showsSales: request.showsSales, pieceBytes: Self.pieceBytes,
        on: connection, deadline: request.deadline)
    }
    switch result {
    case .success(nil): request.completion(.notFound)
    case .success(let pieces?):
      let place = request.place
      request.completion(.found(LongBody(pieces) { withExtendedLifetime(place) {} }))
    case .failure(let problem): request.completion(.failed(problem.failure))
    }
  }
}
