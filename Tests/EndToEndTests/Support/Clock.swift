import Foundation

/// Seconds, and waiting for conditions.
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

  /// Polls until the condition holds; throws past the time.
  static func wait(
    _ what: String, seconds: Double = 10, until condition: () throws -> Bool
  ) throws {
    let deadline = now + seconds
    while try !condition() {
      guard now < deadline else { throw Failure("\(what): not within \(seconds) s") }
      sleep(0.005)
    }
  }
}
