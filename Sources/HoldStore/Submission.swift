internal import Holds
internal import Threads

/// An operation and the caller that waits for its outcome.
struct Submission: Sendable {
  let operation: HoldOperation
  let completion: @Sendable (HoldOutcome) -> Void
}

typealias HoldQueue = CommitQueue<Submission, Instant>
