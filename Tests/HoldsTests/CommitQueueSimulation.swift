import Holds
import TestSupport
import Testing

/// A commit queue, some committers that work on it, and a record of what became of each entry.
///
/// After each event it checks what a caller may rely on, by its own record and not by the queue's.
struct CommitQueueSimulation {
  typealias Queue = CommitQueue<Int, Int>

  /// What the record knows of an entry that waits.
  private struct Waiting {
    let number: UInt64
    let ticketCount: Int
    let deadline: Int
    let patientUntil: Int
    var notBefore = Int.min
    var group: Int?
  }

  private let limits: CommitQueueLimits
  private var random: SeededGenerator
  private var queue: Queue
  private var now = 0
  private var accepted = 0
  private var waiting: [Int: Waiting] = [:]
  private var batches: [[Queue.Entry]] = []
  private var decided: Set<Int> = []
  private var isStopping = false
  private var commitMicroseconds = 0

  /// Of each entry that was divided from others, and stays so.
  private var groups: [Int: Int] = [:]
  private var nextGroup = 0

  /// What is committed apart takes turns with the rest.
  private var wasLastApart = false

  /// A committer has been called and has not looked yet.
  private var isCalled = false

  init(limits: CommitQueueLimits, seed: UInt64) {
    self.limits = limits
    random = SeededGenerator(seed: seed)
    queue = Queue(limits: limits)
  }

  /// Runs so many random events, and then lets everything settle.
  mutating func run(events: Int, committers: Int) throws {
    for _ in 0..<events {
      switch Int.random(in: 0..<10, using: &random) {
      case 0...3: try enqueue()
      case 4...6 where batches.count < committers: try take()
      case 7: try expire()
      case 8: now += Int.random(in: 0...30, using: &random)
      default: try endBatch(mayRequeue: true)
      }
      try checkCounts()
    }
    isStopping = true
    queue.stop()
    while !(waiting.isEmpty && batches.isEmpty) {
      try #require(!queue.isDrained)
      try endBatch(mayRequeue: false)
      if batches.count < committers { try take() }
      now += 1
      try checkCounts()
    }
    try #require(queue.isDrained)
    try #require(decided == Set(0..<accepted), "something was lost")
  }

  private mutating func enqueue() throws {
    let ticketCount = Int.random(in: 1...limits.batchTickets + 2, using: &random)
    let patientUntil = now + Int.random(in: 0...20, using: &random)
    let deadline = now + Int.random(in: 1...200, using: &random)
    let isFull = waiting.count >= limits.waitingOperations || expectedWait > 200_000
    let admission = queue.enqueue(
      accepted, ticketCount: ticketCount, deadline: deadline, patientUntil: patientUntil)
    try #require(admission.isAccepted == !isFull)
    guard admission.isAccepted else { return }
    isCalled = isCalled || admission.callsCommitter
    waiting[accepted] = Waiting(
      number: UInt64(accepted), ticketCount: ticketCount, deadline: deadline,
      patientUntil: patientUntil)
    accepted += 1
  }

  /// Microseconds until whoever comes now is in a batch, if each batch before it is full.
  private var expectedWait: Int {
    let tickets = waiting.values.reduce(0) { $0 + $1.ticketCount }
    return commitMicroseconds
      * max(waiting.count / limits.batchOperations, tickets / limits.batchTickets)
  }

  private mutating func take() throws {
    // Whether what is too late may still be taken is left open.
    try expire()
    isCalled = false
    let isImpatient =
      !batches.isEmpty
      && waiting.values.contains { $0.patientUntil <= now && $0.notBefore <= now }
    try #require(queue.isImpatient(now: now) == isImpatient)
    let mayStart = batches.isEmpty || isImpatient
    let due = waiting.filter { $0.value.notBefore <= now }.keys.sorted()
    guard let batch = queue.takeBatch(now: now) else {
      try #require(!mayStart || due.isEmpty, "what was due was not taken")
      return try checkWakeUp()
    }
    try #require(mayStart, "a batch started beside another although nobody was impatient")
    try checkBatch(batch.map(\.payload), due: due)
    for entry in batch {
      try #require(waiting.removeValue(forKey: entry.payload) != nil, "taken twice")
    }
    batches.append(batch)
  }

  /// The batch is the beginning of what is due, and as long as the bounds allow.
  private mutating func checkBatch(_ batch: [Int], due: [Int]) throws {
    let first = try #require(batch.first)
    let together = due.filter { waiting[$0]?.group == nil }
    let isSharedsTurn = wasLastApart && !together.isEmpty
    let group = waiting[first]?.group
    wasLastApart = group != nil
    try #require(
      first == (isSharedsTurn ? together.first : due.first), "a batch overtook an entry")
    if let group {
      return try #require(batch == due.filter { waiting[$0]?.group == group }, "another's group")
    }
    try #require(batch == Array(together.prefix(batch.count)), "order of arrival")
    func tickets(_ payloads: some Sequence<Int>) -> Int {
      payloads.reduce(0) { $0 + (waiting[$1]?.ticketCount ?? 0) }
    }
    try #require(batch.count <= limits.batchOperations)
    try #require(batch.count == 1 || tickets(batch) <= limits.batchTickets)
    let isWhole = batch.count == together.count || batch.count == limits.batchOperations
    try #require(isWhole || tickets(together.prefix(batch.count + 1)) > limits.batchTickets)
  }

  /// A committer that finds nothing sleeps until it is called or something comes due, no longer and,
  /// while others are at work, no more briefly.
  private func checkWakeUp() throws {
    guard let time = queue.nextDueTime(now: now) else {
      // What is put off until its deadline waits for that alone, and so does what has reached it.
      let isHopeless = waiting.values.allSatisfy { max($0.notBefore, now) >= $0.deadline }
      return try #require(!batches.isEmpty || isHopeless, "nobody would ever wake")
    }
    try #require(time > now, "a committer would spin")
    guard batches.isEmpty else { return }
    var later = queue
    try #require(later.takeBatch(now: time - 1) == nil, "a committer would sleep too long")
    let isInTime = waiting.values.contains { $0.notBefore <= time && $0.deadline > time }
    let batch = later.takeBatch(now: time)
    try #require(batch != nil || !isInTime, "a committer would wake for nothing")
  }

  private mutating func endBatch(mayRequeue: Bool) throws {
    guard let index = batches.indices.randomElement(using: &random) else { return }
    let batch = batches.remove(at: index)
    let retry = mayRequeue ? batch.filter { _ in Int.random(in: 0..<4, using: &random) == 0 } : []
    let notBefore = Bool.random(using: &random) ? now + Int.random(in: 0...40, using: &random) : nil
    let divided = Int.random(in: 0..<3, using: &random) == 0
    let shuffled = retry.shuffled(using: &random)
    for (index, entry) in shuffled.enumerated() {
      if divided {
        groups[entry.payload] = nextGroup + (index < (retry.count + 1) / 2 ? 0 : 1)
      }
      waiting[entry.payload] = Waiting(
        number: entry.number, ticketCount: entry.ticketCount, deadline: entry.deadline,
        patientUntil: entry.patientUntil, notBefore: notBefore ?? .min,
        group: groups[entry.payload])
    }
    nextGroup += 2
    queue.retry(shuffled, notBefore: notBefore, divided: divided)
    queue.finish(batch.count - retry.count)
    let microseconds =
      Bool.random(using: &random) ? Int.random(in: 0...150_000, using: &random) : nil
    if let microseconds {
      let share = microseconds / (batches.count + 1)
      commitMicroseconds = (3 * commitMicroseconds + share) / 4
    }
    let calls = queue.endBatch(microseconds: microseconds)
    try #require(calls == (batches.isEmpty && !waiting.isEmpty && !isCalled))
    isCalled = isCalled || calls
    for entry in batch where waiting[entry.payload] == nil { try decide(entry.payload) }
    // The committer goes on with whatever there is now.
    try take()
  }

  private mutating func expire() throws {
    let expected = waiting.filter { $0.value.deadline <= now }.keys.sorted()
    let expired = queue.takeExpired(now: now).map(\.payload)
    try #require(expired == expected)
    for payload in expired {
      waiting[payload] = nil
      try decide(payload)
    }
  }

  private mutating func decide(_ payload: Int) throws {
    try #require(decided.insert(payload).inserted, "answered twice")
  }

  private func checkCounts() throws {
    try #require(queue.waitingCount == waiting.count)
    let inFlight = batches.reduce(0) { $0 + $1.count }
    try #require(decided.count + waiting.count + inFlight == accepted, "lost or doubled")
    try #require(queue.isIdle == (waiting.isEmpty && inFlight == 0))
    try #require(queue.isDrained == (isStopping && queue.isIdle))
    let isReady = batches.isEmpty && waiting.values.contains { $0.notBefore == .min }
    try #require(!isReady || isCalled, "nobody was called for what waits")
  }
}
