import Holds
import TestSupport
import Testing
import Threads

@testable import holdfast

/// What the service manager is told.
@Suite struct ServiceReporterTests {
  @Test(arguments: [true, false])
  func theWatchdogIsKeptQuietOnlyWhileTheServiceWorks(isWorking: Bool) throws {
    let manager = try NotifyReceiver()
    let reporter = try #require(
      try ServiceReporter(
        environment: ["NOTIFY_SOCKET": manager.name, "WATCHDOG_USEC": "20000"],
        sources: ServiceReporter.Sources(
          answeredRequests: { 0 }, waitingRequests: { 0 },
          checkReadiness: { $0(Readiness(database: .ok, isStopping: false)) },
          isWorking: { _ in isWorking })))
    reporter.start()
    try waitUntil("five reports") {
      manager.received.filter { $0.hasPrefix("STATUS=") }.count >= 5
    }
    #expect(manager.received.contains { $0.contains("WATCHDOG=1") } == isWorking)
  }
  /// Also before a check has ended that began after the stop.
  @Test func whoStopsIsNotCalledReady() throws {
    let manager = try NotifyReceiver()
    let checks = Monitor(0)
    let reporter = try #require(
      try ServiceReporter(
        environment: ["NOTIFY_SOCKET": manager.name, "WATCHDOG_USEC": "20000"],
        sources: ServiceReporter.Sources(
          answeredRequests: { 0 }, waitingRequests: { 0 },
          checkReadiness: { answer in
            let count = checks.withLock { checks -> Int in
              checks += 1
              return checks
            }
            if count == 1 { answer(Readiness(database: .ok, isStopping: false)) }
          },
          isWorking: { _ in true })))
    reporter.start()
    try waitUntil("it is ready") { manager.received.contains { $0.hasPrefix("STATUS=ready") } }
    reporter.stop(withinMilliseconds: 1000)
    // One report may have been under way.
    let count = manager.received.count
    try waitUntil("two reports") { manager.received.count >= count + 2 }
    #expect(manager.received.last?.hasPrefix("STATUS=stopping;") == true)
  }
}
