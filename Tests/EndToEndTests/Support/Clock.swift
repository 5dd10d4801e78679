import Foundation

/// Seconds.
enum Clock {
  /// Seconds of the monotonic clock.
  static var now: Double { seconds(CLOCK_MONOTONIC) }

  /// Seconds since 1970; on the same machine, PostgreSQL's clock is this one.
  static var wall: Double { seconds(CLOCK_REALTIME) }

  private static func seconds(_ clock: clockid_t) -> Double {
    var time = timespec()
    clock_gettime(clock, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  static func sleep(_ seconds: Double) { usleep(UInt32(seconds * 1e6)) }

  /// Sleeps until so many seconds have gone by in which the machine did not stand still: in which no
  /// wake-up of this thread was late by more than a fifth of a second.
  ///
  /// For a promise about time that the machine must be able to keep. A machine that is always late gets
  /// half a minute.
  static func sleepUndisturbed(_ seconds: Double) {
    let limit = now + 30
    var start = now
    while now < start + seconds {
      let wake = now + 0.01
      sleep(0.01)
      if now > wake + 0.2, now < limit { start = now }
    }
  }
}
