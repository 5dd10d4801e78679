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
    public internal(set) var deferralCount = 0

    /// How often the statement of its batch failed.
    public internal(set) var failureCount = 0

    /// How often the connection was lost during its batch, which then was not committed.
    public internal(set) var lossCount = 0

    /// True until it has been put back for whatever reason.
    public var isFirstTime: Bool { deferralCount + failureCount + lossCount == 0 }

    var notBefore: Time?

    /// Entries of a batch that failed are committed apart from all others, those of one group together;
    /// nil for those that share with anybody.
    var group: UInt64?

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

  // What CommitQueue+PuttingBack.swift changes too:
  var waiting: [Entry] = []
  var waitingTicketCount = 0
  var batchCount = 0
  var isCommitterCalled = false
  var nextGroup: UInt64 = 0

  private let limits: CommitQueueLimits
  private var nextNumber: UInt64 = 0
  private var inFlightCount = 0

  /// How long a commit takes: a quarter of it comes from the last one, the rest from those before.
  private var commitMicroseconds = 0
  private var wasLastApart = false
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

  /// When an entry that is deferred may be taken; nil when none is, or when it is too late for it.
  public func nextDueTime(now: Time) -> Time? {
    waiting.lazy.compactMap { entry in
      guard let notBefore = entry.notBefore, notBefore < entry.startsUntil, now < entry.startsUntil
      else { return nil }
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
