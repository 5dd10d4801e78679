import Holds
import Testing

/// When a batch may start beside one that is under way, and when a committer that sleeps is to look.
@Suite struct CommitQueuePatienceTests {
  private var queue = CommitQueue<String, Int>(
    limits: CommitQueueLimits(
      waitingOperations: 100, waitingMilliseconds: 1000, batchOperations: 100, batchTickets: 100))

  @Test mutating func aSecondBatchWaitsForTheFirstAndGrowsUntilItIsHeldUpTooLong() {
    _ = queue.add("a", patientUntil: 20)
    #expect(queue.take(now: 0) == "a")
    _ = queue.add("b", patientUntil: 25)
    _ = queue.add("c", patientUntil: 30)
    #expect(!queue.isImpatient(now: 24))
    #expect(queue.take(now: 24) == nil)
    var other = queue
    other.finish(1)
    other.endBatch()
    #expect(other.take(now: 24) == "bc", "the first has ended")
    #expect(queue.isImpatient(now: 25))
    #expect(queue.take(now: 25) == "bc")
    #expect(!queue.isImpatient(now: 25))
  }

  @Test mutating func eachBatchUnderWayCounts() {
    _ = queue.add("a", patientUntil: 0)
    #expect(queue.take(now: 0) == "a")
    _ = queue.add("b", patientUntil: 0)
    #expect(queue.take(now: 0) == "b")
    _ = queue.add("c", patientUntil: 25)
    queue.finish(1)
    queue.endBatch()
    #expect(queue.take(now: 24) == nil)
    queue.finish(1)
    queue.endBatch()
    #expect(queue.take(now: 24) == "c")
  }

  @Test mutating func anIdleQueueHasNothingToWakeFor() {
    #expect(queue.nextDueTime(now: 0) == nil)
    _ = queue.add("a", patientUntil: 20)
    #expect(queue.take(now: 0) == "a")
    #expect(queue.nextDueTime(now: 0) == nil)
  }

  @Test mutating func whatIsPutOffIsDueAtTheEarliestOfItsTimes() {
    for name in ["a", "b"] { _ = queue.add(name, patientUntil: 20) }
    let batch = queue.takeBatch(now: 0) ?? []
    queue.retry([batch[0]], notBefore: 40, divided: false)
    queue.retry([batch[1]], notBefore: 30, divided: false)
    queue.endBatch()
    #expect(queue.nextDueTime(now: 0) == 30)
  }

  @Test mutating func nobodyIsImpatientOfABatchThatIsNotThere() {
    _ = queue.add("a", patientUntil: 20)
    #expect(!queue.isImpatient(now: 30))
  }

  /// A committer that is told of a time that has passed does not sleep: it spins.
  @Test mutating func whileABatchIsUnderWayNobodyWakesForWhatIsPutOff() {
    for name in ["a", "b"] { _ = queue.add(name, patientUntil: 500) }
    let batch = queue.takeBatch(now: 0) ?? []
    queue.retry([batch[0]], notBefore: 30, divided: false)
    queue.finish(1)
    queue.endBatch()
    _ = queue.add("c", patientUntil: 500)
    #expect(queue.take(now: 10) == "c")
    #expect(queue.take(now: 40) == nil)
    #expect(queue.nextDueTime(now: 40).map { $0 > 40 } ?? true)
    queue.finish(1)
    queue.endBatch()
    #expect(queue.take(now: 40) == "a")
  }

  /// All committers were at work from when it was due until it was too late for it.
  @Test mutating func nobodyWakesForWhatCannotBeTakenInTimeAnyMore() {
    _ = queue.enqueue("a", ticketCount: 1, deadline: 100, patientUntil: 20, startsUntil: 95)
    queue.retry(queue.takeBatch(now: 0) ?? [], notBefore: 30, divided: false)
    queue.endBatch()
    #expect(queue.nextDueTime(now: 94) == 30)
    #expect(queue.take(now: 95) == nil)
    #expect(queue.nextDueTime(now: 95) == nil)
    #expect(queue.takeExpired(now: 100).map(\.payload) == ["a"])
  }

  @Test mutating func oneCommitterIsCalledForABatchAndNoneWhileOneIsAtWork() {
    #expect(queue.add("a").callsCommitter)
    #expect(!queue.add("b").callsCommitter)
    #expect(queue.take() == "ab")
    #expect(!queue.add("c").callsCommitter)
    queue.finish(2)
    queue.endBatch()
    #expect(queue.takeAndFinish() == "c")
    #expect(queue.take() == nil)
    #expect(queue.add("d").callsCommitter)
  }
}
