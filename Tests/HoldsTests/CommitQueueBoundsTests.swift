import Holds
import Testing

/// The bounds of the queue; each is also lifted, and missed.
@Suite struct CommitQueueBoundsTests {
  private typealias Queue = CommitQueue<String, Int>

  /// Which of these find a place behind two who wait.
  private func admitted(_ names: String, waiting: Int) -> [Bool] {
    var queue = Queue.make(waiting: waiting, "ab")
    return names.map { queue.add(String($0)).isAccepted }
  }

  @Test func itTakesInUpToItsBound() {
    #expect(admitted("cde", waiting: 3) == [true, false, false])
  }

  /// Negative control.
  @Test func withoutTheBoundItTakesInAll() {
    #expect(admitted("cde", waiting: .max) == [true, true, true])
  }

  @Test func onceThereIsRoomItTakesInMore() {
    var queue = Queue.make(waiting: 2, "ab")
    #expect(queue.add("c") == .full)
    #expect(queue.waitingCount == 2)
    #expect(queue.take() == "ab")
    #expect(queue.add("d").isAccepted)
  }

  /// A queue in which six wait for commits of two, of 400 ms each.
  private func makeSlowQueue(milliseconds: Int) -> Queue {
    var queue = Queue.make(milliseconds: milliseconds, operations: 2, tickets: 20)
    queue.slowDown(milliseconds: 400)
    for name in "abcdef" { #expect(queue.add(String(name)).isAccepted) }
    return queue
  }

  @Test func whoeverWouldWaitTooLongIsToldAtOnce() {
    // Two commits for those in front of it take less than a second, three take more.
    var queue = makeSlowQueue(milliseconds: 1000)
    #expect(queue.add("g") == .full)
    #expect(queue.takeAndFinish() == "ab")
    #expect(queue.add("h").isAccepted)
    #expect(queue.takeAndFinish() == "cd")
    // As many tickets as three commits have room for take as long.
    #expect(queue.add("i", tickets: 57).isAccepted)
    #expect(queue.add("j") == .full)
  }

  /// Negative control.
  @Test func withoutTheBoundTheyWaitHoweverLongItTakes() {
    var queue = makeSlowQueue(milliseconds: 1_000_000)
    #expect(queue.add("g").isAccepted)
  }

  /// What is committed together when seven wait.
  private func batches(operations: Int) -> [String] {
    var queue = Queue.make(operations: operations, "abcdefg")
    var batches: [String] = []
    while let batch = queue.takeAndFinish() { batches.append(batch) }
    return batches
  }

  @Test func aBatchEndsAtItsBoundOfOperations() {
    #expect(batches(operations: 3) == ["abc", "def", "g"])
  }

  /// Negative control.
  @Test func withoutTheBoundAllOperationsShareABatch() {
    #expect(batches(operations: .max) == ["abcdefg"])
  }

  /// What is committed together when five wait with 22 tickets.
  private func batches(tickets: Int) -> [String] {
    var queue = Queue.make(tickets: tickets)
    for (name, tickets) in [("a", 4), ("b", 6), ("c", 9), ("d", 2), ("e", 1)] {
      #expect(queue.add(name, tickets: tickets).isAccepted)
    }
    var batches: [String] = []
    while let batch = queue.takeAndFinish() { batches.append(batch) }
    return batches
  }

  @Test func aBatchEndsAtItsBoundOfTickets() {
    // "d" would fit after "c" no more, and "e" must not overtake it.
    #expect(batches(tickets: 10) == ["ab", "c", "de"])
  }

  /// Negative control.
  @Test func withoutTheBoundAllTicketsShareABatch() {
    #expect(batches(tickets: .max) == ["abcde"])
  }
}
