import HoldAPI
import Holds

/// A store that grants whatever it is asked, or refuses it.
///
/// Unchecked: it is called from one thread.
final class FuzzStore: HoldService, @unchecked Sendable {
  let refuses: Bool
  var operations: [HoldOperation] = []
  var responses: [APIResponse] = []

  init(refuses: Bool = false) { self.refuses = refuses }

  func submit(
    _ operation: HoldOperation, completion: @escaping @Sendable (HoldOutcome) -> Void
  ) {
    operations.append(operation)
    switch operation {
    case .lock where refuses:
      completion(
        .refused(operation.ticketIDs.map { UnavailableTicket(ticketID: $0, reason: .sold) }))
    case .lock:
      completion(.granted(HoldGrant(expiresAtUnixMicroseconds: 0, expiresInSeconds: 1)))
    case .release: completion(.released)
    case .lockBest, .confirm: completion(.sold)
    }
  }

  func releaseExpired(completion: @escaping @Sendable (HoldFailure?) -> Void) {
    completion(nil)
  }

  func checkReadiness(completion: @escaping @Sendable (Readiness) -> Void) {
    completion(Readiness(database: .ok, isStopping: false))
  }
}
