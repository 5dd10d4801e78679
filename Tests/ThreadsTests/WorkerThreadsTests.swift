import Testing
import Threads

@Suite struct WorkerThreadsTests {
  @Test func joinWaitsForAllAndMayBeRepeated() {
    let threads = WorkerThreads()
    let ended = Monitor(0)
    for milliseconds in [0, 50, 100] {
      threads.start {
        Instant.now.advanced(byMilliseconds: milliseconds).sleep()
        ended.withLock { $0 += 1 }
      }
    }
    threads.join()
    #expect(ended.withLock { $0 } == 3)
    threads.join()
    threads.start { ended.withLock { $0 += 1 } }
    threads.join()
    #expect(ended.withLock { $0 } == 4)
  }
}
