import Holds
import TestSupport
import Testing

@testable import HoldStore

extension HoldStoreSettings {
  /// For tests in which nothing may fail because the machine is busy, and nothing sweeps by itself.
  static func patient(_ conninfo: String) -> HoldStoreSettings {
    var settings = HoldStoreSettings()
    settings.conninfo = conninfo
    settings.sweepIntervalMilliseconds = 0
    settings.answerTimeoutMilliseconds = 25_000
    settings.statementTimeoutMilliseconds = 20_000
    settings.readinessTimeoutMilliseconds = 20_000
    settings.queue.waitingMilliseconds = 20_000
    settings.pool.connectTimeoutMilliseconds = 20_000
    return settings
  }

  /// The same with something changed.
  func with(_ change: (inout HoldStoreSettings) -> Void) -> HoldStoreSettings {
    var settings = self
    change(&settings)
    return settings
  }
}

extension HoldStore {
  /// Runs a store for as long as `body` takes.
  @discardableResult
  static func run<Value>(
    _ settings: HoldStoreSettings, events: Events = Events(), _ body: (HoldStore) throws -> Value
  ) throws -> Value {
    let store = HoldStore(settings: settings, onEvent: events.note)
    defer { store.stop() }
    return try body(store)
  }

  /// Submits one operation and waits for its outcome.
  func outcome(_ operation: HoldOperation) throws -> HoldOutcome {
    try Answers.value { submit(operation, completion: $0) }
  }

  /// The tickets that it chooses for a call; nil for another outcome.
  func chosen(_ call: HoldOperation) throws -> [String]? { try outcome(call).chosen }

  func readiness() throws -> Readiness { try Answers.value { checkReadiness(completion: $0) } }

  /// Has expired holds deleted; returns what failed.
  func sweep() throws -> HoldFailure? { try Answers.value { releaseExpired(completion: $0) } }

  /// Locks and releases a ticket thirty times without waiting, and expects all of it to be done in that order.
  func lockAndReleaseInTurns(_ ticketID: String) throws {
    let answers = Answers()
    for round in 0..<60 {
      answers.submit(round % 2 == 0 ? .lock(ticketID) : .release(ticketID), as: round, to: self)
    }
    let outcomes = try answers.wait(for: 60)
    for round in 0..<60 {
      #expect(round % 2 == 0 ? outcomes[round]?.isGranted == true : outcomes[round] == .released)
    }
  }
}

extension SeatMapStore {
  /// A part of an event's seat map, as its viewers get it.
  func text(_ part: SeatMapPart, of event: String) throws -> String {
    let answer = try Answers.value { seatMap(part, of: EventID(event), completion: $0) }
    guard case .found(let map) = answer, let body = map.body(.identity) else {
      throw Failure("\(part): \(answer)")
    }
    return String(decoding: body.pieces.joined(), as: UTF8.self)
  }
}
