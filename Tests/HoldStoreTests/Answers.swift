import Holds
import TestSupport
import Threads

@testable import HoldStore

/// What the store answered, and how often.
final class Answers: Sendable {
  private let outcomes = Monitor<[Int: [HoldOutcome]]>([:])

  /// Submits an operation under a number.
  func submit(_ operation: HoldOperation, as number: Int, to store: HoldStore) {
    store.submit(operation) { [outcomes] outcome in
      outcomes.withLock { $0[number, default: []].append(outcome) }
      outcomes.broadcast()
    }
  }

  /// The outcomes by number, once so many operations have one; fails when one has two.
  func wait(for count: Int) throws -> [Int: HoldOutcome] {
    let found = outcomes.wait(until: Database.patience) { $0.count >= count ? $0 : nil }
    guard let found else {
      throw Failure("\(outcomes.withLock { $0.count }) of \(count) answered")
    }
    guard found.values.allSatisfy({ $0.count == 1 }) else { throw Failure("answered twice") }
    return found.compactMapValues(\.first)
  }

  /// The first operation to be answered, and its outcome; nil if none is within that time.
  func first(withinMilliseconds milliseconds: Int) -> (number: Int, outcome: HoldOutcome)? {
    outcomes.wait(until: .now.advanced(byMilliseconds: milliseconds)) { outcomes in
      outcomes.first.flatMap { number, told in told.first.map { (number, $0) } }
    }
  }

  /// Waits for a completion that is called with one value.
  static func value<Value: Sendable>(
    _ call: (@escaping @Sendable (Value) -> Void) -> Void
  ) throws -> Value {
    let received = Monitor<Value?>(nil)
    call { value in
      received.withLock { $0 = value }
      received.broadcast()
    }
    guard let value = received.wait(until: Database.patience, for: { $0 }) else {
      throw Failure("never answered")
    }
    return value
  }
}

extension HoldOutcome {
  var isGranted: Bool { if case .granted = self { true } else { false } }

  var isRefused: Bool { if case .refused = self { true } else { false } }
}
