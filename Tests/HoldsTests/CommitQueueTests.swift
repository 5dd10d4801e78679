import Holds
import Testing

/// The queue's rules, one at a time, by a clock that stands still unless a test moves it.
@Suite struct CommitQueueTests {
  @Test func whomTheNextCommitHasRoomForIsNeverTurnedAway() {
    var queue = CommitQueue.make(operations: 2)
    queue.slowDown(milliseconds: 60_000)
    #expect(queue.add("a").isAccepted)
    #expect(queue.add("b").isAccepted)
    #expect(queue.add("c") == .full)
    // Once commits are fast again they are believed.
    #expect(queue.take() == "ab")
    queue.finish(2)
    queue.endBatch(microseconds: 1000)
    queue.slowDown(milliseconds: 1)
    for name in "abcdefgh" { #expect(queue.add(String(name)).isAccepted) }
  }

  @Test func aFailureSaysNothingOfThePace() {
    var queue = CommitQueue.make(operations: 1)
    queue.slowDown(milliseconds: nil)
    for name in "abcdefgh" { #expect(queue.add(String(name)).isAccepted) }
  }

  @Test func whatLosesItsConnectionAgainAndAgainStandsAlone() {
    var queue = CommitQueue.make("ab")
    queue.rerun(queue.takeBatch(now: 0) ?? [], sharedLosses: 2)
    queue.endBatch()
    let batch = queue.takeBatch(now: 0) ?? []
    #expect(batch.map(\.payload) == ["a", "b"])
    queue.rerun(batch, sharedLosses: 2)
    queue.endBatch()
    #expect(queue.take() == "a")
  }

  @Test func whatIsRefusedIsNeverCommitted() {
    var queue = CommitQueue.make(waiting: 1, "a")
    #expect(queue.add("b") == .full)
    #expect(queue.take() == "a")
    queue.finish(1)
    queue.endBatch()
    #expect(queue.take() == nil)
    #expect(queue.isIdle)
  }

  @Test func aBatchIsInOrderOfArrivalAndLeavesNothingBehind() {
    var queue = CommitQueue.make("abcde")
    #expect(queue.take() == "abcde")
    #expect(queue.waitingCount == 0)
    #expect(!queue.isIdle)
  }

  @Test func anOperationLargerThanTheBoundHasABatchOfItsOwn() {
    var queue = CommitQueue.make(tickets: 10)
    for (name, tickets) in [("a", 1), ("B", 50), ("c", 1)] {
      #expect(queue.add(name, tickets: tickets).isAccepted)
    }
    #expect(queue.takeAndFinish() == "a")
    #expect(queue.takeAndFinish() == "B")
    #expect(queue.takeAndFinish() == "c")
  }

  @Test func whatIsPutOffWaitsForItsTimeAndHoldsNobodyUp() {
    var queue = CommitQueue.make("abc")
    let batch = queue.takeBatch(now: 0) ?? []
    queue.retry([batch[0]], notBefore: 30, divided: false)
    queue.finish(2)
    queue.endBatch()
    #expect(queue.nextDueTime(now: 0) == 30)
    #expect(queue.take(now: 29) == nil)
    #expect(queue.add("d").isAccepted)
    #expect(queue.takeAndFinish(now: 29) == "d")
    #expect(queue.takeAndFinish(now: 30) == "a")
    #expect(queue.nextDueTime(now: 30) == nil)
  }

  /// Of eight entries of which one always fails, the others are committed in four batches.
  @Test func aBatchThatFailsIsDividedUntilTheCulpritIsAlone() {
    var queue = CommitQueue.make("abcdefgh")
    var committed: [String] = []
    var failures = 0
    while let batch = queue.takeBatch(now: 0), failures < 10 {
      let names = batch.map(\.payload).joined()
      if names.contains("f"), names != "f" {
        failures += 1
        queue.retry(batch, notBefore: nil, divided: true)
      } else {
        committed.append(names)
        queue.finish(batch.count)
      }
      queue.endBatch()
    }
    #expect(committed.count == 4)
    #expect(failures == 3)
    #expect(Set(committed) == ["abcd", "gh", "e", "f"])
  }

  @Test func whatIsDividedTakesTurnsWithTheRest() {
    var queue = CommitQueue.make("abc")
    queue.retry(queue.takeBatch(now: 0) ?? [], notBefore: nil, divided: true)
    queue.endBatch()
    for name in ["d", "e"] { #expect(queue.add(name).isAccepted) }
    #expect(queue.takeAndFinish() == "ab")
    #expect(queue.takeAndFinish() == "de")
    #expect(queue.takeAndFinish() == "c")
  }

  @Test func theEndOfABatchCallsACommitterForWhatWaits() {
    var queue = CommitQueue.make("a")
    _ = queue.takeBatch(now: 0)
    queue.finish(1)
    let isCalled = queue.endBatch()
    #expect(!isCalled)
    #expect(queue.add("b").callsCommitter)
    _ = queue.takeBatch(now: 0)
    #expect(!queue.add("c").callsCommitter)
    queue.finish(1)
    let calls = queue.endBatch()
    #expect(calls)
    #expect(!queue.add("d").callsCommitter)
  }

  /// Half of a commit's time, within bounds.
  @Test func patienceFollowsTheCommits() {
    var queue = CommitQueue.make()
    #expect(queue.patienceMicroseconds(atMost: 20_000) == 2000)
    queue.slowDown(milliseconds: 10)
    #expect((4900...5000).contains(queue.patienceMicroseconds(atMost: 20_000)))
    queue.slowDown(milliseconds: 100)
    #expect(queue.patienceMicroseconds(atMost: 20_000) == 20_000)
    queue.slowDown(milliseconds: 1)
    #expect(queue.patienceMicroseconds(atMost: 20_000) == 2000)
    #expect(queue.patienceMicroseconds(atMost: 0) == 0)
  }

  @Test func whoHasLittleTimeLeftSharesNoBatchAndWhoHasNoneIsInNone() {
    var queue = CommitQueue.make("")
    _ = queue.enqueue(
      "a", ticketCount: 1, deadline: 100, patientUntil: 0, sharesUntil: 50, startsUntil: 90)
    _ = queue.enqueue("b", ticketCount: 1, deadline: 200, patientUntil: 0)
    var late = queue
    #expect(queue.takeAndFinish(now: 49) == "ab")
    #expect(late.takeAndFinish(now: 50) == "a")
    #expect(late.takeAndFinish(now: 50) == "b")
    _ = late.enqueue(
      "c", ticketCount: 1, deadline: 100, patientUntil: 0, sharesUntil: 50, startsUntil: 90)
    #expect(late.takeBatch(now: 90) == nil)
    #expect(late.takeExpired(now: 100).map(\.payload) == ["c"])
  }

  @Test func whatIsDividedStaysSo() {
    var queue = CommitQueue.make("ab")
    queue.retry(queue.takeBatch(now: 0) ?? [], notBefore: nil, divided: true)
    queue.endBatch()
    queue.retry(queue.takeBatch(now: 0) ?? [], notBefore: nil, divided: false)
    queue.endBatch()
    for name in ["c", "d"] { #expect(queue.add(name).isAccepted) }
    #expect(queue.takeAndFinish() == "cd")
    #expect(queue.takeAndFinish() == "a")
    #expect(queue.takeAndFinish() == "b")
  }

  @Test func whatIsPutBackKeepsItsPlaceInTheOrderOfArrival() {
    var queue = CommitQueue.make("abcd")
    let batch = queue.takeBatch(now: 0) ?? []
    #expect(queue.add("e").isAccepted)
    // Back in another order than it was taken in.
    queue.retry([batch[3], batch[1]], notBefore: nil, divided: false)
    queue.retry([batch[2]], notBefore: nil, divided: false)
    queue.finish(1)
    queue.endBatch()
    #expect(queue.takeAndFinish() == "bcde")
  }

  @Test func itCountsHowOftenAnEntryWasPutBack() {
    var queue = CommitQueue.make("a")
    for expected in 0..<4 {
      let batch = queue.takeBatch(now: 0) ?? []
      #expect(batch.map(\.failureCount) == [expected])
      queue.retry(batch, notBefore: nil, divided: false)
      queue.endBatch()
    }
  }

  @Test func whatIsPutBackComesInPastTheBound() {
    var queue = CommitQueue.make(waiting: 1, "a")
    let batch = queue.takeBatch(now: 0) ?? []
    #expect(queue.add("b").isAccepted)
    queue.retry(batch, notBefore: nil, divided: false)
    queue.endBatch()
    #expect(queue.waitingCount == 2)
    #expect(queue.add("c") == .full)
    #expect(queue.takeAndFinish() == "ab")
  }

  @Test func aDeadlineTakesOutWhatWaitsAndNothingElse() {
    var queue = CommitQueue.make()
    _ = queue.add("a", deadline: 10)
    #expect(queue.take() == "a")
    _ = queue.add("b", deadline: 20)
    _ = queue.add("c", deadline: 10)
    _ = queue.add("d", deadline: 11)
    #expect(queue.takeExpired(now: 9).isEmpty)
    #expect(queue.takeExpired(now: 11).map(\.payload) == ["c", "d"])
    #expect(queue.takeExpired(now: 11).isEmpty)
    #expect(queue.waitingCount == 1)
    // "a" is under way: its batch will settle it.
    #expect(!queue.isIdle)
  }

  @Test func aStopLetsNothingInAndEverythingOut() {
    var queue = CommitQueue.make("ab")
    let batch = queue.takeBatch(now: 0) ?? []
    #expect(queue.add("c").isAccepted)
    queue.stop()
    #expect(queue.add("d") == .stopping)
    #expect(!queue.isDrained)
    queue.retry([batch[1]], notBefore: nil, divided: false)
    queue.finish(1)
    queue.endBatch()
    #expect(!queue.isDrained)
    #expect(queue.take() == "bc")
    #expect(!queue.isDrained)
    queue.finish(2)
    #expect(queue.isDrained)
  }

  @Test func anIdleQueueIsNotDrainedBeforeItStops() {
    var queue = CommitQueue.make()
    #expect(queue.isIdle && !queue.isDrained)
    queue.stop()
    #expect(queue.isDrained)
  }
}
