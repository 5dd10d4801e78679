import Holds

/// A store that answers at once with what the test has set, and keeps what it was asked.
///
/// Unchecked: a test calls it from one thread at a time, and looks at it after that thread is done.
final class RecordingHoldService: HoldService, @unchecked Sendable {
  enum Call: Equatable {
    case submit(HoldOperation)
    case releaseExpired
    case checkReadiness
  }

  /// What a lock becomes, or a release when it is not `.granted`; nil does what a good store does.
  var outcome: HoldOutcome?
  var failure: HoldFailure?
  var readiness = Readiness(database: .ok, isStopping: false)
  private(set) var calls: [Call] = []

  /// It ends at 2023-11-14T22:13:20.123999Z.
  private static let grant = HoldGrant(
    expiresAtUnixMicroseconds: 1_700_000_000_123_999, expiresInSeconds: 599)

  init(outcome: HoldOutcome? = nil) { self.outcome = outcome }

  func submit(
    _ operation: HoldOperation, completion: @escaping @Sendable (HoldOutcome) -> Void
  ) {
    calls.append(.submit(operation))
    switch operation {
    case .lock: completion(outcome ?? .granted(Self.grant))
    case .lockBest(let request):
      let ticketIDs = (1...request.quantity).map { "E1-\($0)" }
      completion(outcome ?? .chosen(ticketIDs: ticketIDs, Self.grant))
    case .release: completion(outcome ?? .released)
    case .confirm: completion(outcome ?? .sold)
    }
  }

  func releaseExpired(completion: @escaping @Sendable (HoldFailure?) -> Void) {
    calls.append(.releaseExpired)
    completion(failure)
  }

  func checkReadiness(completion: @escaping @Sendable (Readiness) -> Void) {
    calls.append(.checkReadiness)
    completion(readiness)
  }
}
