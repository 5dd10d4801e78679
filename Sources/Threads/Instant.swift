private import Glibc

/// A point on the machine's monotonic clock (`CLOCK_MONOTONIC`), which no step of the wall clock moves.
public struct Instant: Sendable, Comparable, Hashable {
  /// Nanoseconds since an arbitrary point in the past.
  public var nanoseconds: UInt64

  /// Creates the point that lies `nanoseconds` after the clock's origin.
  public init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

  /// The present, by `clock_gettime(3p)`.
  public static var now: Instant {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return Instant(nanoseconds: UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec))
  }

  /// The point that lies `milliseconds` later; a negative number counts as zero.
  public func advanced(byMilliseconds milliseconds: Int) -> Instant {
    Instant(nanoseconds: nanoseconds + UInt64(max(0, milliseconds)) * 1_000_000)
  }

  /// The point that lies `microseconds` later; a negative number counts as zero.
  public func advanced(byMicroseconds microseconds: Int) -> Instant {
    Instant(nanoseconds: nanoseconds + UInt64(max(0, microseconds)) * 1000)
  }

  /// Whole microseconds from here to `other`, and zero when `other` has passed.
  public func microseconds(until other: Instant) -> Int {
    other <= self ? 0 : Int((other.nanoseconds - nanoseconds) / 1000)
  }

  /// Whole milliseconds from here to `other`, rounded up, and zero when `other` has passed.
  public func milliseconds(until other: Instant) -> Int {
    other <= self ? 0 : Int((other.nanoseconds - nanoseconds + 999_999) / 1_000_000)
  }

  /// Keeps the calling thread asleep until then, by `clock_nanosleep(2)`.
  public func sleep() {
    var time = timespec(
      tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
    while unsafe clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, nil) == EINTR {}
  }

  /// The earlier point is the lesser.
  public static func < (left: Instant, right: Instant) -> Bool {
    left.nanoseconds < right.nanoseconds
  }
}
