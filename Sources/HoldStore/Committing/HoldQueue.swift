internal import Holds
internal import Threads

/// An operation and the caller that waits for its outcome.
struct Submission: Sendable {
  let operation: HoldOperation

  /// The caller's request, as the history records it; nil for the service's own work.
  let requestID: String?
  let arrived: Instant
  let completion: @Sendable (HoldOutcome) -> Void

  /// For an operation whose tickets are to be chosen: how far that has come.
  let best: BestCall?

  init(
    _ operation: HoldOperation, requestID: String?, arrived: Instant,
    completion: @escaping @Sendable (HoldOutcome) -> Void
  ) {
    self.operation = operation
    self.requestID = requestID
    self.arrived = arrived
    self.completion = completion
    if case .lockBest(let request) = operation {
      best = BestCall(request, arrived: arrived)
    } else {
      best = nil
    }
  }

  /// What goes to the database.
  var committed: HoldOperation { best?.proposal.map { .lock($0) } ?? operation }
}

/// The operations that wait for a commit.
typealias HoldQueue = CommitQueue<Submission, Instant>

extension CommitQueue.Entry where Payload == Submission, Time == Instant {
  /// Answers an operation whose time is over; it has changed nothing.
  func expire() {
    let isContended = deferralCount + failureCount > 0 || payload.best?.waitsForOthers == true
    payload.completion(.failed(isContended ? .contended : .databaseUnreachable))
  }
}

extension Monitor where State == HoldQueue {
  /// Lets calls for the best tickets of these events be decided anew.
  func wake(callersOf events: Set<ExactText>) {
    guard !events.isEmpty else { return }
    let callsCommitter = withLock { queue in
      queue.wake { $0.best.map { events.contains($0.event) } ?? false }
    }
    if callsCommitter { signal() }
  }
}
