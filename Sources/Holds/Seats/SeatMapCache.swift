/// The seat maps that are kept, those who wait for one, and what is to be read next.
///
/// It knows no thread, clock or database. Time is divided into the seconds of the wall clock: in each
/// an event is read at most once, when somebody asks for it, and everybody who asks in that second gets
/// the result. So does the web server's cache, which lets an answer expire with its second.
///
/// An event that is not kept is first looked for, together with all others that are: so a flood of ids
/// that do not exist costs a bounded number of statements, and takes nobody's place.
public struct SeatMapCache<Waiter, Time: Comparable> {
  /// What is to be asked of the database.
  public enum Work {
    /// Which of these events exist.
    case look([EventID])

    /// The event's availability, and with it the layout if that is not known to be current.
    case read(EventID, withLayout: Bool)
  }

  /// What a read gave.
  public enum Reading {
    /// The event.
    case snapshot(SeatMapSnapshot)

    /// No ticket of it.
    case gone

    /// Nothing.
    case failed(ReadFailure)
  }

  /// Those who waited, and what they get.
  public typealias Answers = [(waiter: Waiter, outcome: ReadResult)]

  /// What somebody gets who asked.
  public enum ReadResult {
    /// The document, and the second in which it was read.
    case found(SeatMapSnapshot.Document, second: Int)

    /// There is no such event.
    case notFound

    /// Nothing.
    case failed(ReadFailure)
  }

  private let limits: SeatMapLimits
  private var entries: [EventID: Entry] = [:]
  private var queue: [EventID] = []
  private var uses: UInt64 = 0
  private var byteCount = 0
  private var isStopping = false

  /// Ids that do not exist, as was found out in `second`.
  private var unknown: Set<EventID> = []
  private var toLookFor: [EventID: [Waiting]] = [:]
  private var lookedFor: [EventID: [Waiting]] = [:]
  private var lookCount = 0
  private var second = Int.min

  /// Makes an empty cache.
  public init(limits: SeatMapLimits) { self.limits = limits }

  /// How many events are kept.
  public var eventCount: Int { entries.count }

  /// How many bytes of answers are kept.
  public var keptByteCount: Int { byteCount }

  /// How many event ids are remembered as unknown.
  public var unknownCount: Int { unknown.count }

  /// Asks for a part of an event's seat map.
  ///
  /// - Returns: The answer; nil if `waiter` has been taken in to wait for it.
  public mutating func ask(
    _ part: SeatMapPart, of eventID: EventID, waiter: Waiter, second now: Int, deadline: Time
  ) -> ReadResult? {
    if isStopping { return .failed(.stopping) }
    begin(second: now)
    let waiting = Waiting(part: part, deadline: deadline, waiter: waiter)
    uses += 1
    if let index = entries.index(forKey: eventID) {
      entries.values[index].lastUse = uses
      let entry = entries.values[index]
      if entry.second == now, !entry.isReading, let result = entry.result(part) { return result }
      entries.values[index].waiting.append(waiting)
      enqueue(eventID)
      return nil
    }
    if unknown.contains(eventID) { return .notFound }
    if lookedFor[eventID] != nil {
      lookedFor[eventID]?.append(waiting)
    } else if toLookFor.count < limits.unknownEvents || toLookFor[eventID] != nil {
      toLookFor[eventID, default: []].append(waiting)
    } else {
      return .failed(.busy)
    }
    return nil
  }

  /// Begins what is to be asked of the database next; nil when there is nothing in this second.
  public mutating func nextWork(second now: Int) -> Work? {
    if isStopping { return nil }
    begin(second: now)
    if lookedFor.isEmpty, !toLookFor.isEmpty, lookCount < limits.looksPerSecond {
      lookCount += 1
      for eventID in toLookFor.keys.prefix(limits.eventsPerLook) {
        lookedFor[eventID] = toLookFor.removeValue(forKey: eventID)
      }
      return .look(Array(lookedFor.keys))
    }
    // An event is read once in a second. Any other second will do, also an earlier one: the clock may
    // have been set back.
    let place = queue.firstIndex { entries[$0].map { $0.second != now && !$0.isReading } ?? true }
    guard let place else { return nil }
    let eventID = queue.remove(at: place)
    guard let index = entries.index(forKey: eventID) else { return nextWork(second: now) }
    entries.values[index].isQueued = false
    entries.values[index].isReading = true
    entries.values[index].second = now
    let entry = entries.values[index]
    let wantsLayout = entry.waiting.contains { $0.part == .layout }
    return .read(eventID, withLayout: wantsLayout && !entry.hasCurrentLayout)
  }

  /// True when something is to be asked in a later second.
  public var hasWork: Bool { !isStopping && (!queue.isEmpty || !toLookFor.isEmpty) }

  /// Ends a look for events.
  ///
  /// - Parameter found: Those that exist; nil, with a failure, when that is not known.
  public mutating func endLook(found: Set<EventID>?, failure: ReadFailure = .busy) -> Answers {
    var answers: Answers = []
    for (eventID, waiting) in lookedFor {
      if let found, !found.contains(eventID) {
        if unknown.count < limits.unknownEvents { unknown.insert(eventID) }
        answers += waiting.map { ($0.waiter, .notFound) }
      } else if found != nil, waiting.isEmpty {
        continue
      } else if found != nil, makeRoom() {
        uses += 1
        entries[eventID] = Entry(waiting: waiting, lastUse: uses)
        enqueue(eventID)
      } else {
        answers += waiting.map { ($0.waiter, .failed(found == nil ? failure : .busy)) }
      }
    }
    lookedFor = [:]
    return answers
  }

  /// Ends a read of an event.
  public mutating func endRead(of eventID: EventID, _ reading: Reading) -> Answers {
    guard let index = entries.index(forKey: eventID) else { return [] }
    var entry = entries.values[index]
    byteCount -= entry.byteCount
    entry.isReading = false
    entry.failure = nil
    switch reading {
    case .gone:
      entries[eventID] = nil
      if unknown.count < limits.unknownEvents { unknown.insert(eventID) }
      return entry.waiting.map { ($0.waiter, .notFound) }
    case .failed(let failure):
      entry.failure = failure
      entry.availability = nil
    case .snapshot(let snapshot):
      entry.layoutID = snapshot.layoutID
      entry.availability = snapshot.availability
      if let layout = snapshot.layout { entry.layout = (snapshot.layoutID, layout) }
      // One that is out of date is of no use any more.
      if !entry.hasCurrentLayout { entry.layout = nil }
    }
    let waiting = entry.waiting
    // Those who want a layout that has just changed wait for the next read.
    entry.waiting = waiting.filter { entry.result($0.part) == nil }
    entries.values[index] = entry
    byteCount += entry.byteCount
    if !entry.waiting.isEmpty { enqueue(eventID) }
    dropOldest(but: eventID)
    return waiting.compactMap { waiting in
      entry.result(waiting.part).map { (waiting.waiter, $0) }
    }
  }

  /// Takes out those whose deadline has come.
  public mutating func takeExpired(now: Time) -> [Waiter] {
    var late: [Waiter] = []
    func take(_ waiting: inout [Waiting]) {
      late += waiting.filter { $0.deadline <= now }.map(\.waiter)
      waiting.removeAll { $0.deadline <= now }
    }
    for index in entries.values.indices where !entries.values[index].waiting.isEmpty {
      take(&entries.values[index].waiting)
    }
    for index in toLookFor.values.indices { take(&toLookFor.values[index]) }
    for index in lookedFor.values.indices { take(&lookedFor.values[index]) }
    toLookFor = toLookFor.filter { !$0.value.isEmpty }
    return late
  }

  /// Accepts nothing from now on.
  ///
  /// - Returns: Those who wait.
  public mutating func stop() -> [Waiter] {
    isStopping = true
    defer {
      entries = [:]
      toLookFor = [:]
      lookedFor = [:]
      queue = []
    }
    let all = entries.values.flatMap(\.waiting) + toLookFor.values.flatMap { $0 }
    return (all + lookedFor.values.flatMap { $0 }).map(\.waiter)
  }

  private mutating func begin(second now: Int) {
    guard now != second else { return }
    second = now
    unknown = []
    lookCount = 0
  }

  private mutating func enqueue(_ eventID: EventID) {
    guard let index = entries.index(forKey: eventID), !entries.values[index].isQueued,
      !entries.values[index].isReading
    else { return }
    entries.values[index].isQueued = true
    queue.append(eventID)
  }

  /// Makes room for one more event; false when all that are kept were asked for in this second.
  ///
  /// An event that has been read in this second stays, so that it is not read twice in it.
  private mutating func makeRoom() -> Bool {
    guard entries.count >= limits.events else { return true }
    let idle = entries.filter {
      $0.value.second != second && !$0.value.isReading && $0.value.waiting.isEmpty
    }
    guard let oldest = idle.min(by: { $0.value.lastUse < $1.value.lastUse })?.key else {
      return false
    }
    remove(oldest)
    return true
  }

  /// Drops answers until the rest fits, those that were asked for longest ago first.
  private mutating func dropOldest(but kept: EventID) {
    while byteCount > limits.bytes {
      let others = entries.filter {
        $0.key != kept && $0.value.byteCount > 0 && !$0.value.isReading && $0.value.waiting.isEmpty
      }
      let oldest = others.min { $0.value.lastUse < $1.value.lastUse }?.key
      guard let oldest else { return }
      guard let entry = entries[oldest], entry.second == second else {
        remove(oldest)
        continue
      }
      // Its place stays, so that it is not read twice in this second.
      byteCount -= entry.byteCount
      entries[oldest]?.availability = nil
      entries[oldest]?.layout = nil
      entries[oldest]?.failure = .busy
    }
  }

  private mutating func remove(_ eventID: EventID) {
    byteCount -= entries[eventID]?.byteCount ?? 0
    entries[eventID] = nil
    queue.removeAll { $0 == eventID }
  }
}

extension SeatMapCache: Sendable where Waiter: Sendable, Time: Sendable {}
