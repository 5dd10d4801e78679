import Postgres
import TestSupport
import Threads

@testable import HoldStore

/// What a store has reported.
final class Events: Sendable {
  private let reported = Monitor<[HoldStoreEvent]>([])

  @Sendable func note(_ event: HoldStoreEvent) {
    reported.withLock { $0.append(event) }
    reported.broadcast()
  }

  var all: [HoldStoreEvent] { reported.withLock { $0 } }

  /// What became of batches whose answers were lost.
  var resolutions: [HoldStoreEvent.Resolution] {
    all.compactMap { if case .batchResolved(let resolution, _) = $0 { resolution } else { nil } }
  }

  /// Waits until so many of them are of a kind.
  func wait(for count: Int = 1, of isMeant: (HoldStoreEvent) -> Bool) throws {
    let isThere = reported.wait(until: Database.patience) { events in
      events.count(where: isMeant) >= count ? true : nil
    }
    guard isThere != nil else { throw Failure("not reported: \(all)") }
  }
}

extension HoldStoreEvent {
  /// Whether a batch has failed with that error of the server's.
  func isFailure(_ state: SQLState) -> Bool {
    if case .batchFailed(let error, _, _) = self { error.code == .server(state) } else { false }
  }
}
