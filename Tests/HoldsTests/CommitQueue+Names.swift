import Holds
import Testing

extension CommitQueue<String, Int> {
  /// A queue in which these wait.
  static func make(
    waiting: Int = 100, milliseconds: Int = 1000, operations: Int = 100, tickets: Int = 1000,
    _ names: String = ""
  ) -> Self {
    var queue = Self(
      limits: CommitQueueLimits(
        waitingOperations: waiting, waitingMilliseconds: milliseconds, batchOperations: operations,
        batchTickets: tickets))
    for name in names { #expect(queue.add(String(name)).isAccepted) }
    return queue
  }

  /// With commits of this length, until their average is all but that.
  mutating func slowDown(milliseconds: Int?) {
    for _ in 0..<50 {
      #expect(add("x").isAccepted)
      finish(takeBatch(now: 0)?.count ?? 0)
      endBatch(microseconds: milliseconds.map { $0 * 1000 })
    }
  }

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
