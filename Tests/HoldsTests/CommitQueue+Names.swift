import Holds

extension CommitQueue<String, Int> {
  mutating func add(
    _ name: String, tickets: Int = 1, deadline: Int = 1000, patientUntil: Int = 500
  ) -> Admission {
    enqueue(name, ticketCount: tickets, deadline: deadline, patientUntil: patientUntil)
  }

  /// The names in the next batch, one after the other.
  mutating func take(now: Int = 0) -> String? {
    takeBatch(now: now)?.map(\.payload).joined()
  }

  mutating func takeAndFinish(now: Int = 0) -> String? {
    guard let batch = takeBatch(now: now) else { return nil }
    finish(batch.count)
    endBatch()
    return batch.map(\.payload).joined()
  }
}

extension CommitQueue.Admission {
  var isAccepted: Bool { if case .accepted = self { true } else { false } }

  var callsCommitter: Bool { self == .accepted(callsCommitter: true) }
}
