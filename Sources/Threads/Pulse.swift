private import Synchronization

/// Shows whether a thread gets on with its work: how long the present piece of it has taken.
public final class Pulse: Sendable {
  /// In nanoseconds of the monotonic clock; zero while the thread waits for work.
  private let busySince = Atomic<UInt64>(0)

  /// Makes the pulse of a thread that waits for work.
  public init() {}

  /// The thread begins a piece of work.
  public func begin() { busySince.store(Instant.now.nanoseconds, ordering: .relaxed) }

  /// The thread waits for work.
  public func end() { busySince.store(0, ordering: .relaxed) }

  /// How long the present piece of work has taken, in milliseconds; zero while the thread waits.
  public func busyMilliseconds(at now: Instant) -> Int {
    let start = busySince.load(ordering: .relaxed)
    return start == 0 ? 0 : Instant(nanoseconds: start).microseconds(until: now) / 1000
  }
}
