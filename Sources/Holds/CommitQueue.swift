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

    /// How often it has been in a batch that did not settle it.
    public fileprivate(set) var retryCount = 0

    fileprivate var notBefore: Time?
    fileprivate var isAlone = false
  }

  /// What became of an attempt to enqueue.
  public enum Admission: Sendable, Equatable {
    /// It is in the queue. When `callsCommitter` is true, no committer is at work or on its way, and
    /// one is to be woken.
    case accepted(callsCommitter: Bool)

    /// The queue has reached its bound.
    case full

    /// The queue takes nothing in any more.
    case stopping
  }

  private let limits: CommitQueueLimits
  private var waiting: [Entry] = []
  private var nextNumber: UInt64 = 0
  private var inFlightCount = 0
  private var batchCount = 0
  private var isCommitterCalled = false
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

  /// Takes an operation in, unless the bound is reached.
  public mutating func enqueue(
    _ payload: Payload, ticketCount: Int, deadline: Time, patientUntil: Time
  ) -> Admission {
    if isStopping { return .stopping }
    if waiting.count >= limits.waitingOperations { return .full }
    waiting.append(
      Entry(
        number: nextNumber, payload: payload, ticketCount: ticketCount, deadline: deadline,
        patientUntil: patientUntil))
    nextNumber += 1
    let callsCommitter = batchCount == 0 && !isCommitterCalled
    isCommitterCalled = isCommitterCalled || callsCommitter
    return .accepted(callsCommitter: callsCommitter)
  }

  /// Takes out what is to share the next commit: everything that is due, in order of arrival, up to
  /// the bounds; nil when nothing is due. An entry that must stand alone does.
  ///
  /// While a batch is under way the next one grows, which makes each commit cheaper; but a batch that
  /// is held up holds nobody up for longer than they are patient.
  public mutating func takeBatch(now: Time) -> [Entry]? {
    isCommitterCalled = false
    if batchCount > 0, !isImpatient(now: now) { return nil }
    var taken: [Int] = []
    var ticketCount = 0
    for (index, entry) in waiting.enumerated() {
      if let notBefore = entry.notBefore, notBefore > now { continue }
      if entry.isAlone {
        if taken.isEmpty { taken = [index] } else { continue }
        break
      }
      ticketCount += entry.ticketCount
      if !taken.isEmpty, ticketCount > limits.batchTickets { break }
      taken.append(index)
      if taken.count == limits.batchOperations { break }
    }
    guard let last = taken.last else { return nil }
    let batch = taken.map { waiting[$0] }
    if taken.count == last + 1 {
      waiting.removeFirst(taken.count)
    } else {
      for index in taken.reversed() { waiting.remove(at: index) }
    }
    inFlightCount += batch.count
    batchCount += 1
    return batch
  }

  /// When an entry that is put off comes due; nil when none is put off.
  public var nextDueTime: Time? {
    waiting.lazy.compactMap(\.notBefore).min()
  }

  /// True when somebody has waited so long for the batches under way that another is to start.
  public func isImpatient(now: Time) -> Bool {
    batchCount > 0 && waiting.contains { $0.patientUntil <= now }
  }

  /// Ends a batch all of whose entries have been settled or put back.
  public mutating func endBatch() {
    batchCount -= 1
    precondition(batchCount >= 0, "more batches ended than were taken")
  }

  /// The entries of a batch that have been decided.
  public mutating func settle(_ count: Int) {
    inFlightCount -= count
    precondition(inFlightCount >= 0, "more entries settled than were taken")
  }

  /// Puts entries of a batch back at their place in the order of arrival.
  ///
  /// - Parameters:
  ///   - notBefore: When they may be taken again; nil for at once.
  ///   - alone: Whether each is to have a batch of its own, as after a statement that failed.
  public mutating func requeue(_ entries: [Entry], notBefore: Time?, alone: Bool) {
    settle(entries.count)
    for var entry in entries {
      entry.retryCount += 1
      entry.notBefore = notBefore
      entry.isAlone = alone || entry.isAlone
      let place = waiting.firstIndex { $0.number > entry.number } ?? waiting.endIndex
      waiting.insert(entry, at: place)
    }
  }

  /// Takes out the waiting entries whose deadline has come; they changed nothing.
  public mutating func takeExpired(now: Time) -> [Entry] {
    guard waiting.contains(where: { $0.deadline <= now }) else { return [] }
    let expired = waiting.filter { $0.deadline <= now }
    waiting.removeAll { $0.deadline <= now }
    return expired
  }

  /// Takes nothing in from now on; what waits is still committed.
  public mutating func stop() { isStopping = true }
}

extension CommitQueue.Entry: Sendable where Payload: Sendable, Time: Sendable {}
extension CommitQueue: Sendable where Payload: Sendable, Time: Sendable {}
