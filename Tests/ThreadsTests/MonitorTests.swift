import Testing
import Threads

@Suite struct MonitorTests {
  @Test func aWaiterWakesWhenItsConditionHolds() {
    let monitor = Monitor(0)
    let thread = WorkerThread {
      for _ in 0..<1000 {
        monitor.withLock { $0 += 1 }
        monitor.signal()
      }
    }
    let seen = monitor.wait(until: Instant.now.advanced(byMilliseconds: 10_000)) {
      $0 == 1000 ? $0 : nil
    }
    thread.join()
    #expect(seen == 1000)
  }

  @Test func aWaitEndsAtItsDeadline() {
    let monitor = Monitor(false)
    let start = Instant.now
    let result: Int? = monitor.wait(until: start.advanced(byMilliseconds: 30)) { _ in nil }
    #expect(result == nil)
    #expect(Instant.now >= start.advanced(byMilliseconds: 30))
  }

  @Test func theLockExcludesOtherThreads() {
    let monitor = Monitor(0)
    let threads = (0..<8).map { _ in
      WorkerThread {
        for _ in 0..<10_000 { monitor.withLock { $0 += 1 } }
      }
    }
    for thread in threads { thread.join() }
    #expect(monitor.withLock { $0 } == 80_000)
  }
}
