import Testing
import Threads

@Suite struct InstantTests {
  @Test func millisecondsAreRoundedUpAndNeverNegative() {
    let origin = Instant(nanoseconds: 5_000_000)
    #expect(origin.milliseconds(until: Instant(nanoseconds: 5_000_001)) == 1)
    #expect(origin.milliseconds(until: Instant(nanoseconds: 7_000_000)) == 2)
    #expect(origin.milliseconds(until: Instant(nanoseconds: 1)) == 0)
    #expect(origin.advanced(byMilliseconds: -4) == origin)
  }
}
