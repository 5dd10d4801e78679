private import Glibc
public import Threads

/// The seconds of the wall clock, by which seat maps are read and cached.
public struct WallClock: Sendable {
  /// The second, since 1970.
  public let second: @Sendable () -> Int

  /// When the next one begins, on the monotonic clock.
  public let nextSecond: @Sendable () -> Instant

  /// Creates a clock.
  public init(
    second: @escaping @Sendable () -> Int, nextSecond: @escaping @Sendable () -> Instant
  ) {
    self.second = second
    self.nextSecond = nextSecond
  }

  /// The machine's (`CLOCK_REALTIME`).
  public static let system = WallClock(
    second: { now.tv_sec },
    nextSecond: {
      // A millisecond more, as the clocks do not tick together.
      Instant.now.advanced(byMicroseconds: (1_000_000_000 - now.tv_nsec) / 1000 + 1000)
    })

  private static var now: timespec {
    var time = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &time)
    return time
  }
}
