import Holds
import Testing

/// The queue's rules, one at a time, by a clock that stands still unless a test moves it.
@Suite struct CommitQueueTests {
  typealias Queue = CommitQueue<String, Int>

  private func makeQueue(
    waiting: Int = 100, operations: Int = 100, tickets: Int = 1000, _ names: String = ""
  ) -> Queue {
    var queue = Queue(
      limits: CommitQueueLimits(
        waitingOperations: waiting, waitingMilliseconds: 1000, batchOperations: operations,
        batchTickets: tickets))
    for name in names { #expect(queue.add(String(name)).isAccepted) }
    return queue
  }

  @Test func itTakesInUpToItsBoundAndAgainOnceThereIsRoom() {
    var queue = makeQueue(waiting: 2, "ab")
    #expect(queue.add("c") == .full)
    #expect(queue.waitingCount == 2)
    #expect(queue.take() == "ab")
    #expect(queue.add("d").isAccepted)
  }

  /// With commits of this length, until their average is all but that.
  private func slowDown(_ queue: inout Queue, milliseconds: Int?) {
    for _ in 0..<50 {
      #expect(queue.add("x").isAccepted)
      queue.finish(queue.takeBatch(now: 0)?.count ?? 0)
      queue.endBatch(microseconds: milliseconds.map { $0 * 1000 })
    }
  }

  @Test func whoeverWouldWaitTooLongIsToldAtOnce() {
    var queue = makeQueue(operations: 2, tickets: 20)
    slowDown(&queue, milliseconds: 400)
    // Two commits for those in front of it take less than a second, three take more.
    for name in "abcdef" { #expect(queue.add(String(name)).isAccepted) }
    #expect(queue.add("g") == .full)
    #expect(queue.takeAndFinish() == "ab")
    #expect(queue.add("h").isAccepted)
    #expect(queue.takeAndFinish() == "cd")
    // As many tickets as three commits have room for take as long.
    #expect(queue.add("i", tickets: 57).isAccepted)
    #expect(queue.add("j") == .full)
  }

  @Test func whomTheNextCommitHasRoomForIsNeverTurnedAway() {
    var queue = makeQueue(operations: 2)
    slowDown(&queue, milliseconds: 60_000)
    #expect(queue.add("a").isAccepted)
    #expect(queue.add("b").isAccepted)
    #expect(queue.add("c") == .full)
    // Once commits are fast again they are believed.
    #expect(queue.take() == "ab")
    queue.finish(2)
    queue.endBatch(microseconds: 1000)
    slowDown(&queue, milliseconds: 1)
    for name in "abcdefgh" { #expect(queue.add(String(name)).isAccepted) }
  }

  @Test func aFailureSaysNothingOfThePace() {
    var queue = makeQueue(operations: 1)
    slowDown(&queue, milliseconds: nil)
    for name in "abcdefgh" { #expect(queue.add(String(name)).isAccepted) }
  }

  @Test func whatLosesItsConnectionAgainAndAgainStandsAlone() {
    var queue = makeQueue("ab")
    queue.rerun(queue.takeBatch(now: 0) ?? [], sharedLosses: 2)
    queue.endBatch()
    let batch = queue.takeBatch(now: 0) ?? []
    #expect(batch.map(\.payload) == ["a", "b"])
    queue.rerun(batch, sharedLosses: 2)
    queue.endBatch()
    #expect(queue.take() == "a")
  }

  @Test func whatIsRefusedIsNeverCommitted() {
    var queue = makeQueue(waiting: 1, "a")
    #expect(queue.add("b") == .full)
    #expect(queue.take() == "a")
    queue.finish(1)
    queue.endBatch()
    #expect(queue.take() == nil)
    #expect(queue.isIdle)
  }

  @Test func aBatchIsInOrderOfArrivalAndLeavesNothingBehind() {
    var queue = makeQueue("abcde")
    #expect(queue.take() == "abcde")
    #expect(queue.waitingCount == 0)
    #expect(!queue.isIdle)
  }

  @Test func aBatchEndsAtItsBoundOfOperations() {
    var queue = makeQueue(operations: 3, "abcdefg")
    #expect(queue.takeAndFinish() == "abc")
    #expect(queue.takeAndFinish() == "def")
    #expect(queue.takeAndFinish() == "g")
    #expect(queue.takeAndFinish() == nil)
  }

  @Test func aBatchEndsAtItsBoundOfTickets() {
    var queue = makeQueue(tickets: 10)
    for (name, tickets) in [("a", 4), ("b", 6), ("c", 9), ("d", 2), ("e", 1)] {
      #expect(queue.add(name, tickets: tickets).isAccepted)
    }
    #expect(queue.takeAndFinish() == "ab")
    // "d" would fit after "c" no more, and "e" must not overtake it.
    #expect(queue.takeAndFinish() == "c")
    #expect(queue.takeAndFinish() == "de")
  }

  @Test func anOperationLargerThanTheBoundHasABatchOfItsOwn() {
    var queue = makeQueue(tickets: 10)
    for (name, tickets) in [("a", 1), ("B", 50), ("c", 1)] {
      #expect(queue.add(name, tickets: tickets).isAccepted)
    }
    #expect(queue.takeAndFinish() == "a")
    #expect(queue.takeAndFinish() == "B")
    #expect(queue.takeAndFinish() == "c")
  }

  @Test func whatIsPutOffWaitsForItsTimeAndHoldsNobodyUp() {
    var queue = makeQueue("abc")
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
    var queue = makeQueue("abcdefgh")
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
    var queue = makeQueue("abc")
    queue.retry(queue.takeBatch(now: 0) ?? [], notBefore: nil, divided: true)
    queue.endBatch()
    for name in ["d", "e"] { #expect(queue.add(name).isAccepted) }
    #expect(queue.takeAndFinish() == "ab")
    #expect(queue.takeAndFinish() == "de")
    #expect(queue.takeAndFinish() == "c")
  }

  @Test func theEndOfABatchCallsACommitterForWhatWaits() {
    var queue = makeQueue("a")
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
    var queue = makeQueue()
    #expect(queue.patienceMicroseconds(atMost: 20_000) == 2000)
    slowDown(&queue, milliseconds: 10)
    #expect((4900...5000).contains(queue.patienceMicroseconds(atMost: 20_000)))
    slowDown(&queue, milliseconds: 100)
    #expect(queue.patienceMicroseconds(atMost: 20_000) == 20_000)
    slowDown(&queue, milliseconds: 1)
    #expect(queue.patienceMicroseconds(atMost: 20_000) == 2000)
    #expect(queue.patienceMicroseconds(atMost: 0) == 0)
  }

  @Test func whoHasLittleTimeLeftSharesNoBatchAndWhoHasNoneIsInNone() {
    var queue = makeQueue("")
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
    var queue = makeQueue("ab")
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
    var queue = makeQueue("abcd")
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
    var queue = makeQueue("a")
    for expected in 0..<4 {
      let batch = queue.takeBatch(now: 0) ?? []
      #expect(batch.map(\.failureCount) == [expected])
      queue.retry(batch, notBefore: nil, divided: false)
      queue.endBatch()
    }
  }

  @Test func whatIsPutBackComesInPastTheBound() {
    var queue = makeQueue(waiting: 1, "a")
    let batch = queue.takeBatch(now: 0) ?? []
    #expect(queue.add("b").isAccepted)
    queue.retry(batch, notBefore: nil, divided: false)
    queue.endBatch()
    #expect(queue.waitingCount == 2)
    #expect(queue.add("c") == .full)
    #expect(queue.takeAndFinish() == "ab")
  }

  @Test func aDeadlineTakesOutWhatWaitsAndNothingElse() {
    var queue = makeQueue()
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
    var queue = makeQueue("ab")
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
    var queue = makeQueue()
    #expect(queue.isIdle && !queue.isDrained)
    queue.stop()
    #expect(queue.isDrained)
  }
}
