/// The operations that wait for a commit, in order of arrival, and the rules by which they share one.
///
/// It knows no thread, clock or database: whoever drives it tells it what happened, and it answers
/// what is to be done. What queues up while a commit is under way makes up the next batch; nothing
/// ever waits for a batch to fill.
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

    /// Until when it waits for the batch that is under way; from then on another may start beside it.
    public let patientUntil: Time

    /// Until when it may share a batch: later it might be given up while others still have time.
    public let sharesUntil: Time

    /// Until when it may be taken: later there would be no time left to answer it.
    public let startsUntil: Time

    /// How often a row that it needs was locked, and it was put off.
    public fileprivate(set) var putOffCount = 0

    /// How often the statement of its batch failed.
    public fileprivate(set) var failureCount = 0

    /// How often the connection was lost under its batch, which then was not committed.
    public fileprivate(set) var lossCount = 0

    fileprivate var notBefore: Time?
    fileprivate var mustStandAlone = false

    fileprivate func isDue(now: Time) -> Bool {
      startsUntil > now && notBefore.map { $0 <= now } ?? true
    }

    fileprivate func isAlone(now: Time) -> Bool { mustStandAlone || sharesUntil <= now }
  }

  /// What became of an attempt to enqueue.
  public enum Admission: Sendable, Equatable {
    /// It is in the queue. When `callsCommitter` is true, no committer is at work or on its way, and
    /// one is to be woken.
    case accepted(callsCommitter: Bool)

    /// The queue has reached a bound.
    case full

    /// The queue takes nothing in any more.
    case stopping
  }

  private let limits: CommitQueueLimits
  private var waiting: [Entry] = []
  private var waitingTicketCount = 0
  private var nextNumber: UInt64 = 0
  private var inFlightCount = 0
  private var batchCount = 0

  /// How long a commit takes, as of late: a quarter is the last one's, the rest of those before.
  private var commitMilliseconds = 0
  private var isCommitterCalled = false
  private var wasLastAlone = false
  private var isStopping = false

  /// Makes an empty queue.
  public init(limits: CommitQueueLimits) {
    self.limits = limits
  }

  /// How many entries wait for a batch.
  public var waitingCount: Int { waiting.count }

  /// True when nothing waits and no batch is under way.
  public var isIdle: Bool { waiting.isEmpty && inFlightCount == 0 }

  /// True when a stop has been asked for and every entry has been settled.
  public var isDrained: Bool { isStopping && isIdle }

  /// Takes an operation in, unless a bound is reached.
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

  /// Whether who comes now would wait too long. Nobody would whom the next commit has room for.
  private var isTooSlow: Bool {
    let commitsAhead = max(
      waiting.count / limits.batchOperations, waitingTicketCount / limits.batchTickets)
    return commitsAhead * commitMilliseconds > limits.waitingMilliseconds
  }

  /// Takes out what is to share the next commit: everything that is due, in order of arrival, up to
  /// the bounds; nil when nothing is due. What must stand alone does, and takes turns with the rest.
  ///
  /// While a batch is under way the next one grows, which makes each commit cheaper; but a batch that
  /// is held up holds nobody up for longer than they are patient.
  public mutating func takeBatch(now: Time) -> [Entry]? {
    isCommitterCalled = false
    if batchCount > 0, !isImpatient(now: now) { return nil }
    var taken = wasLastAlone ? shared(now: now) : []
    var isAlone = false
    if taken.isEmpty, let first = waiting.firstIndex(where: { $0.isDue(now: now) }) {
      isAlone = waiting[first].isAlone(now: now)
      taken = isAlone ? [first] : shared(now: now)
    }
    guard let last = taken.last else { return nil }
    let batch = taken.map { waiting[$0] }
    if taken.count == last + 1 {
      waiting.removeFirst(taken.count)
    } else {
      for index in taken.reversed() { waiting.remove(at: index) }
    }
    wasLastAlone = isAlone
    waitingTicketCount -= batch.reduce(0) { $0 + $1.ticketCount }
    inFlightCount += batch.count
    batchCount += 1
    return batch
  }

  private func shared(now: Time) -> [Int] {
    var taken: [Int] = []
    var ticketCount = 0
    for (index, entry) in waiting.enumerated() {
      guard entry.isDue(now: now), !entry.isAlone(now: now) else { continue }
      ticketCount += entry.ticketCount
      if !taken.isEmpty, ticketCount > limits.batchTickets { break }
      taken.append(index)
      if taken.count == limits.batchOperations { break }
    }
    return taken
  }

  /// When an entry that is put off may be taken; nil when none is put off.
  public var nextDueTime: Time? {
    waiting.lazy.compactMap { entry in
      guard let notBefore = entry.notBefore, notBefore < entry.startsUntil else { return nil }
      return batchCount > 0 ? max(notBefore, entry.patientUntil) : notBefore
    }.min()
  }

  /// True when somebody has waited so long for the batches under way that another is to start.
  public func isImpatient(now: Time) -> Bool {
    batchCount > 0 && waiting.contains { $0.patientUntil <= now && $0.isDue(now: now) }
  }

  /// Ends a batch all of whose entries have been settled or put back.
  ///
  /// - Parameter milliseconds: How long its commit took; nil if it failed, which tells nothing of the
  ///   commits to come.
  public mutating func endBatch(milliseconds: Int? = nil) {
    precondition(batchCount > 0, "more batches ended than were taken")
    if let milliseconds {
      // Of batches side by side each has its share of the time.
      commitMilliseconds = (commitMilliseconds * 3 + milliseconds / batchCount) / 4
    }
    batchCount -= 1
  }

  /// The entries of a batch that have been decided.
  public mutating func settle(_ count: Int) {
    inFlightCount -= count
    precondition(inFlightCount >= 0, "more entries settled than were taken")
  }

  /// Puts entries of a batch back that need a row which somebody else has locked.
  public mutating func putOff(_ entries: [Entry], notBefore: Time) {
    putBack(entries) { entry in
      entry.putOffCount += 1
      entry.notBefore = notBefore
    }
  }

  /// Puts the entries of a batch back whose statement failed.
  ///
  /// - Parameters:
  ///   - notBefore: When they may be taken again; nil for at once.
  ///   - alone: Whether each is to have a batch of its own from now on.
  public mutating func retry(_ entries: [Entry], notBefore: Time?, alone: Bool) {
    putBack(entries) { entry in
      entry.failureCount += 1
      entry.notBefore = notBefore
      entry.mustStandAlone = entry.mustStandAlone || alone
    }
  }

  /// Puts the entries of a batch back that was not committed, because its connection was lost.
  ///
  /// - Parameter sharedLosses: From so many losses on, each is to have a batch of its own: it may be
  ///   one of them that ends connections.
  public mutating func rerun(_ entries: [Entry], sharedLosses: Int) {
    putBack(entries) { entry in
      entry.lossCount += 1
      entry.mustStandAlone = entry.mustStandAlone || entry.lossCount >= sharedLosses
    }
  }

  /// Puts the entries of a batch back that was never begun.
  public mutating func putBack(_ entries: [Entry]) {
    putBack(entries) { _ in }
  }

  private mutating func putBack(_ entries: [Entry], changing change: (inout Entry) -> Void) {
    settle(entries.count)
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

  /// Takes nothing in from now on; what waits is still committed.
  public mutating func stop() { isStopping = true }
}

extension CommitQueue.Entry: Sendable where Payload: Sendable, Time: Sendable {}
extension CommitQueue: Sendable where Payload: Sendable, Time: Sendable {}
