import Foundation
import TestSupport
import Testing

extension EndToEnd {
  /// What the service tells its service manager, as systemd would hear it.
  @Suite("Service manager")
  struct ServiceManagerTests {
    private let site: Site

    init() throws { site = try .shared() }

    @Test(arguments: [false, true])
    func theServiceSaysHowItIs(isAbstract: Bool) throws {
      let manager = try NotifyReceiver(isAbstract: isAbstract)
      let service = try ServiceProcess(
        on: site,
        settings: ["NOTIFY_SOCKET": manager.name, "WATCHDOG_USEC": "200000"])
      try manager.waitFor("READY=1")
      #expect(manager.received.first == "READY=1")
      try manager.waitFor("STATUS=ready; ")
      try manager.waitFor("WATCHDOG=1")
      let peer = try service.peer()
      for _ in 0..<50 { _ = try peer.request("GET", "/livez") }
      try waitUntil("a rate") {
        manager.received.contains {
          $0.contains(#/STATUS=ready; [1-9][0-9]* requests\/s; 0 wait for a commit/#)
        }
      }
      service.signal(SIGTERM)
      try manager.waitFor("STOPPING=1")
      withExtendedLifetime(peer) {}
    }

    /// Or it would be killed after its unit's `TimeoutStopSec=`.
    @Test func aLongStopAsksForItsTime() throws {
      let manager = try NotifyReceiver()
      let service = try ServiceProcess(
        on: site,
        settings: [
          "NOTIFY_SOCKET": manager.name, "HOLDFAST_SHUTDOWN_DELAY": "40s",
          "HOLDFAST_SHUTDOWN_TIMEOUT": "5s",
        ])
      try manager.waitFor("READY=1")
      service.signal(SIGTERM)
      try manager.waitFor("STOPPING=1")
      let stop = manager.received.first { $0.contains("STOPPING=1") } ?? ""
      let microseconds = stop.firstMatch(of: #/EXTEND_TIMEOUT_USEC=([0-9]+)$/#).flatMap {
        Int($0.1)
      }
      // A second later it ends in any case.
      #expect(microseconds.map { (46_000_001...60_000_000).contains($0) } == true, "\(stop)")
      service.signal(SIGTERM)
      #expect(service.wait(seconds: 5) == 1)
    }

    /// 0 is `SCHED_OTHER`, which the test has, and 3 `SCHED_BATCH`.
    @Test(arguments: [([:], 3), (["HOLDFAST_CPU_SCHEDULING": "inherited"], 0)])
    func theThreadsAreScheduledAsTheSettingSays(settings: [String: String], policy: Int) throws {
      let service = try ServiceProcess(on: site, settings: settings)
      let threads = ProcessTable.threads(of: service.identifier)
      #expect(threads.count > 2)
      for thread in [threads.first, threads.last].compactMap(\.self) {
        #expect(ProcessTable.schedulingPolicy(ofThread: thread) == policy)
      }
      service.signal(SIGTERM)
    }

    @Test func theServiceSaysThatTheDatabaseIsUnreachable() throws {
      let manager = try NotifyReceiver()
      let service = try ServiceProcess(
        on: site,
        settings: [
          "NOTIFY_SOCKET": manager.name, "WATCHDOG_USEC": "200000", "PGHOST": "/nowhere",
          "HOLDFAST_READY_TIMEOUT": "50ms",
        ])
      try manager.waitFor("STATUS=not ready, the database is unreachable")
      // That is no reason to restart it.
      let count = manager.received.count { $0.contains("WATCHDOG=1") }
      try waitUntil("the watchdog is kept quiet") {
        manager.received.count { $0.contains("WATCHDOG=1") } > count + 2
      }
      service.signal(SIGTERM)
    }

    /// The watchdog of another process is not this one's to keep.
    @Test func itKeepsItsOwnWatchdogAlone() throws {
      let manager = try NotifyReceiver()
      let service = try ServiceProcess(
        on: site,
        settings: ["NOTIFY_SOCKET": manager.name, "WATCHDOG_USEC": "200000", "WATCHDOG_PID": "1"])
      try manager.waitFor("STATUS=ready; ")
      #expect(!manager.received.contains { $0.contains("WATCHDOG") })
      service.signal(SIGTERM)
    }
  }
}
