import Testing
import Threads

@Suite struct PulseTests {
  @Test func onlyAPieceOfWorkThatLastsCounts() {
    let pulse = Pulse()
    let later = Instant.now.advanced(byMilliseconds: 60_000)
    #expect(pulse.busyMilliseconds(at: later) == 0)
    let start = Instant.now
    pulse.begin()
    #expect((0...60_000).contains(pulse.busyMilliseconds(at: later)))
    #expect(pulse.busyMilliseconds(at: later) > 0)
    #expect(pulse.busyMilliseconds(at: start) == 0)
    pulse.end()
    #expect(pulse.busyMilliseconds(at: later) == 0)
  }
}
