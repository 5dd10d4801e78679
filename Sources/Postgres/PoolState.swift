internal import Threads

/// What a pool knows and decides, without threads, clocks or connections of its own.
///
/// Its caller reports what happened and carries out what it answers.
struct PoolState<Connection> {
  private let limits: PoolLimits
  private var idle: [Connection] = []
  private var lentCount = 0

  /// When the first attempt failed since one last succeeded.
  private var failingSince: Instant?
  private var nextAttempt = Instant(nanoseconds: 0)
  private(set) var isClosed = false

  init(limits: PoolLimits) { self.limits = limits }

  var counts: PoolCounts {
    let missing = limits.connections - idle.count - lentCount
    return PoolCounts(idle: idle.count, busy: lentCount, opening: isClosed ? 0 : max(0, missing))
  }

  /// Lends the connection that was used last, whose server side is the warmest; nil when none is idle.
  mutating func lend() -> Connection? {
    guard !isClosed, let connection = idle.popLast() else { return nil }
    lentCount += 1
    return connection
  }

  /// Takes a lent connection back.
  mutating func takeBack(_ connection: Connection) {
    lentCount -= 1
    if !isClosed { idle.append(connection) }
  }

  /// A lent connection turned out to be broken.
  mutating func discardLent() { lentCount -= 1 }

  /// The server of a lent connection turned out to be silent, or not to take writes.
  mutating func discardLentAndIdle() -> [Connection] {
    lentCount -= 1
    defer { idle = [] }
    return idle
  }

  /// Takes out every idle connection, so that they can be checked outside the lock.
  mutating func takeIdle() -> [Connection] {
    defer { idle = [] }
    lentCount += idle.count
    return idle
  }

  /// When the next connection is to be opened: at once, at a later time, or nil when enough are open.
  var timeToOpen: Instant? {
    idle.count + lentCount < limits.connections && !isClosed ? nextAttempt : nil
  }

  mutating func opened(_ connection: Connection) {
    failingSince = nil
    nextAttempt = Instant(nanoseconds: 0)
    if !isClosed { idle.append(connection) }
  }

  /// The pauses grow with the time for which the server has been away, so that they add little to it:
  /// a switchover takes two seconds.
  ///
  /// - Parameter jitter: 0 to 1, so that many instances do not come back at the same moment.
  mutating func openFailed(now: Instant, jitter: Double) {
    let away = (failingSince ?? now).milliseconds(until: now)
    failingSince = failingSince ?? now
    let pause = min(
      limits.maximumBackoffMilliseconds, max(limits.minimumBackoffMilliseconds, away / 16))
    nextAttempt = now.advanced(byMilliseconds: max(1, Int(Double(pause) * (0.5 + jitter / 2))))
  }

  mutating func close() -> [Connection] {
    isClosed = true
    defer { idle = [] }
    return idle
  }
}
