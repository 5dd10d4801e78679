import Holds
import TestSupport
import Testing

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
}
