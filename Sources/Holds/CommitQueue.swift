/// The operations that wait for a commit, in order of arrival, and the rules by which they share one.
///
/// It knows no thread, clock or database: its caller reports what happened, and it answers what is to
/// be done. What queues up while a commit is in progress makes up the next batch; nothing ever waits
/// for a batch to fill.
public struct CommitQueue<Payload, Time: Comparable> {
  /// An operation in the queue or in a batch.
  public struct Entry {
    /// The order of arrival; no two entries share one.
    public let number: UInt64

    /// What is to be committed.
    public let payload: Payload

    /// How many tickets it names.
    public let ticketCount: Int

    /// When its caller must have been answered.
    public let deadline: Time

    /// Until when it waits for the batch in progress; from then on another may start beside it.
    public let patientUntil: Time

    /// Until when it may share a batch: later its time might be over while others still have some.
    public let sharesUntil: Time

    /// Until when it may be taken: later there would be no time left to answer it.
    public let startsUntil: Time

    /// How often a row that it needs was locked, and it was deferred.
    public fileprivate(set) var deferralCount = 0

    /// How often the statement of its batch failed.
    public fileprivate(set) var failureCount = 0

    /// How often the connection was lost during its batch, which then was not committed.
    public fileprivate(set) var lossCount = 0

    /// True until it has been put back for whatever reason.
    public var isFirstTime: Bool { deferralCount + failureCount + lossCount == 0 }

    fileprivate var notBefore: Time?

    /// Entries of a batch that failed are committed apart from all others, those of one group together;
    /// nil for those that share with anybody.
    fileprivate var group: UInt64?

    fileprivate func isDue(now: Time) -> Bool {
      startsUntil > now && notBefore.map { $0 <= now } ?? true
    }

    fileprivate func isApart(now: Time) -> Bool { group != nil || sharesUntil <= now }
  }

  /// What became of an attempt to enqueue.
  public enum Admission: Sendable, Equatable {
    /// It is in the queue. When `callsCommitter` is true, no committer is at work or on its way, and
    /// one is to be woken.
    case accepted(callsCommitter: Bool)

    /// The queue has reached a bound.
    case full

    /// The queue accepts nothing any longer.
    case stopping
  }

  private static var leastPatienceMicroseconds: Int { 2000 }

  private let limits: CommitQueueLimits
  private var waiting: [Entry] = []
  private var waitingTicketCount = 0
  private var nextNumber: UInt64 = 0
  private var inFlightCount = 0
  private var batchCount = 0

  /// How long a commit takes: a quarter of it comes from the last one, the rest from those before.
  private var commitMicroseconds = 0
  private var isCommitterCalled = false
  private var wasLastApart = false
  private var nextGroup: UInt64 = 0
  private var isStopping = false

  /// Makes an empty queue.
  public init(limits: CommitQueueLimits) {
    self.limits = limits
  }

  /// How many entries wait for a batch.
  public var waitingCount: Int { waiting.count }

  /// True when nothing waits and no batch is in progress.
  public var isIdle: Bool { waiting.isEmpty && inFlightCount == 0 }

  /// True when a stop has been requested and every entry is finished.
  public var isDrained: Bool { isStopping && isIdle }

  /// Accepts an operation, unless a bound is reached.
  ///
  /// - Parameters:
  ///   - sharesUntil: From when on it no longer shares a batch; nil for the deadline.
  ///   - startsUntil: From when on it is in no batch at all; nil for the deadline.
  public mutating func enqueue(
    _ payload: Payload, ticketCount: Int, deadline: Time, patientUntil: Time,
    sharesUntil: Time? = nil, startsUntil: Time? = nil
  ) -> Admission {
    if isStopping { return .stopping }
    if waiting.count >= limits.waitingOperations || isTooSlow { return .full }
    waiting.append(
      Entry(
        number: nextNumber, payload: payload, ticketCount: ticketCount, deadline: deadline,
        patientUntil: patientUntil, sharesUntil: sharesUntil ?? deadline,
        startsUntil: startsUntil ?? deadline))
    waitingTicketCount += ticketCount
    nextNumber += 1
    let callsCommitter = batchCount == 0 && !isCommitterCalled
    isCommitterCalled = isCommitterCalled || callsCommitter
    return .accepted(callsCommitter: callsCommitter)
  }

  /// Whether a new entry would wait too long. One for which the next commit has room would not.
  private var isTooSlow: Bool {
    let commitsAhead = max(
      waiting.count / limits.batchOperations, waitingTicketCount / limits.batchTickets)
    return commitsAhead * commitMicroseconds > limits.waitingMilliseconds * 1000
  }

  /// How long a new entry is to wait for the batch in progress before another may start beside it.
  ///
  /// Half of a commit's time: a batch that takes longer than most is not waited for, and on a slow disk
  /// two commits are in progress most of the time, while a batch that is about to end still collects
  /// what comes. A batch that starts at once, however, would be small, and cost as much as a large one.
  /// While commits run side by side, the time of each counts divided by their number.
  public func patienceMicroseconds(atMost limit: Int) -> Int {
    min(limit, max(Self.leastPatienceMicroseconds, commitMicroseconds / 2))
  }

  /// Takes out what is to share the next commit: everything that is due, in order of arrival, up to
  /// the bounds; nil when nothing is due. What is to be committed apart takes turns with the rest.
  ///
  /// While a batch is in progress the next one grows, which makes each commit cheaper; but nobody waits
  /// for a batch in progress for longer than they are patient.
  public mutating func takeBatch(now: Time) -> [Entry]? {
    isCommitterCalled = false
    if batchCount > 0, !isImpatient(now: now) { return nil }
    var taken = wasLastApart ? shared(now: now) : []
    var isApart = false
    if taken.isEmpty, let first = waiting.firstIndex(where: { $0.isDue(now: now) }) {
      isApart = waiting[first].isApart(now: now)
      taken = isApart ? apart(first, now: now) : shared(now: now)
    }
    guard let last = taken.last else { return nil }
    let batch = taken.map { waiting[$0] }
    if taken.count == last + 1 {
      waiting.removeFirst(taken.count)
    } else {
      for index in taken.reversed() { waiting.remove(at: index) }
    }
    wasLastApart = isApart
    waitingTicketCount -= batch.reduce(0) { $0 + $1.ticketCount }
    inFlightCount += batch.count
    batchCount += 1
    return batch
  }

  /// An entry and the others of its group; alone when its time to share is over.
  private func apart(_ first: Int, now: Time) -> [Int] {
    let entry = waiting[first]
    guard let group = entry.group, entry.sharesUntil > now else { return [first] }
    return waiting.indices.filter {
      waiting[$0].group == group && waiting[$0].sharesUntil > now && waiting[$0].isDue(now: now)
    }
  }

  private func shared(now: Time) -> [Int] {
    var taken: [Int] = []
    var ticketCount = 0
    for (index, entry) in waiting.enumerated() {
      guard entry.isDue(now: now), !entry.isApart(now: now) else { continue }
      ticketCount += entry.ticketCount
      if !taken.isEmpty, ticketCount > limits.batchTickets { break }
      taken.append(index)
      if taken.count == limits.batchOperations { break }
    }
    return taken
  }

  /// When an entry that is deferred may be taken; nil when none is.
  public var nextDueTime: Time? {
    waiting.lazy.compactMap { entry in
      guard let notBefore = entry.notBefore, notBefore < entry.startsUntil else { return nil }
      return batchCount > 0 ? max(notBefore, entry.patientUntil) : notBefore
    }.min()
  }

  /// True when an entry has waited so long for the batches in progress that another is to start.
  public func isImpatient(now: Time) -> Bool {
    batchCount > 0 && waiting.contains { $0.patientUntil <= now && $0.isDue(now: now) }
  }

  /// Ends a batch all of whose entries are finished or put back.
  ///
  /// - Parameter microseconds: How long its commit took; nil if it failed, which tells nothing of the
  ///   commits to come.
  /// - Returns: Whether a committer is to be woken, because entries wait and none is at work.
  @discardableResult
  public mutating func endBatch(microseconds: Int? = nil) -> Bool {
    precondition(batchCount > 0, "more batches ended than were taken")
    if let microseconds {
      // Of batches side by side each has its share of the time.
      commitMicroseconds = (commitMicroseconds * 3 + microseconds / batchCount) / 4
    }
    batchCount -= 1
    guard batchCount == 0, !waiting.isEmpty, !isCommitterCalled else { return false }
    isCommitterCalled = true
    return true
  }

  /// Counts entries of a batch that have been decided.
  public mutating func finish(_ count: Int) {
    inFlightCount -= count
    precondition(inFlightCount >= 0, "more entries finished than were taken")
  }

  /// Puts entries of a batch back that need a row which another session has locked.
  public mutating func deferUntil(_ notBefore: Time, _ entries: [Entry]) {
    putBack(entries) { entry in
      entry.deferralCount += 1
      entry.notBefore = notBefore
    }
  }

  /// Puts the entries of a batch back whose statement failed, to be tried again.
  ///
  /// - Parameters:
  ///   - notBefore: When they may be taken again; nil for at once.
  ///   - divided: Whether they are divided into two groups, which are committed apart from each other
  ///     and from all else. One that fails alone is known after a few commits, and the others still
  ///     share theirs.
  public mutating func retry(_ entries: [Entry], notBefore: Time?, divided: Bool) {
    regroup(entries, divided: divided) { entry in
      entry.failureCount += 1
      entry.notBefore = notBefore
    }
  }

  /// Puts the entries of a batch back that was not committed, because its connection was lost.
  ///
  /// - Parameter sharedLosses: From so many losses on they are divided: it may be one of them that ends
  ///   connections.
  public mutating func rerun(_ entries: [Entry], sharedLosses: Int) {
    let losses = entries.map(\.lossCount).max() ?? 0
    regroup(entries, divided: losses + 1 >= sharedLosses) { $0.lossCount += 1 }
  }

  private mutating func regroup(
    _ entries: [Entry], divided: Bool, changing change: (inout Entry) -> Void
  ) {
    guard divided else { return putBack(entries, changing: change) }
    let middle = (entries.count + 1) / 2
    for half in [entries[..<middle], entries[middle...]] where !half.isEmpty {
      nextGroup += 1
      let group = nextGroup
      putBack(Array(half)) { entry in
        change(&entry)
        entry.group = group
      }
    }
  }

  /// Puts entries of a batch back that wait for something that `wake` tells of.
  public mutating func park(_ entries: [Entry]) {
    putBack(entries) { $0.notBefore = $0.startsUntil }
  }

  /// Lets entries that are parked be taken again.
  ///
  /// - Parameter isMeant: Which of the waiting entries.
  /// - Returns: Whether a committer is to be woken, because none is at work.
  public mutating func wake(where isMeant: (Payload) -> Bool) -> Bool {
    var hasWoken = false
    for index in waiting.indices where isMeant(waiting[index].payload) {
      guard waiting[index].notBefore == waiting[index].startsUntil else { continue }
      waiting[index].notBefore = nil
      hasWoken = true
    }
    guard hasWoken, batchCount == 0, !isCommitterCalled else { return false }
    isCommitterCalled = true
    return true
  }

  /// Puts the entries of a batch back that was never begun.
  public mutating func putBack(_ entries: [Entry]) {
    putBack(entries) { _ in }
  }

  private mutating func putBack(_ entries: [Entry], changing change: (inout Entry) -> Void) {
    finish(entries.count)
    for var entry in entries {
      change(&entry)
      waitingTicketCount += entry.ticketCount
      let place = waiting.firstIndex { $0.number > entry.number } ?? waiting.endIndex
      waiting.insert(entry, at: place)
    }
  }

  /// Takes out the waiting entries whose deadline has come; they changed nothing.
  public mutating func takeExpired(now: Time) -> [Entry] {
    guard waiting.contains(where: { $0.deadline <= now }) else { return [] }
    let expired = waiting.filter { $0.deadline <= now }
    waiting.removeAll { $0.deadline <= now }
    waitingTicketCount -= expired.reduce(0) { $0 + $1.ticketCount }
    return expired
  }

  /// Accepts nothing from now on; what waits is still committed.
  public mutating func stop() { isStopping = true }
}

extension CommitQueue.Entry: Sendable where Payload: Sendable, Time: Sendable {}
extension CommitQueue: Sendable where Payload: Sendable, Time: Sendable {}
