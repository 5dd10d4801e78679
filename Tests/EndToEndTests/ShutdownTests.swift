import Foundation
import TestSupport
import Testing

extension EndToEnd {
  /// A stop loses no answer and no hold, takes a bounded time, and a second signal ends it at once.
  @Suite("Shutdown", .site(["HOLDFAST_DEMO_TICKETS": "0"]))
  struct ShutdownTests {
    private let site: Site
    private let database: Database

    init() throws {
      site = try .ofSuite()
      database = try site.database()
      try database.run("TRUNCATE tickets_blocked; TRUNCATE tickets")
      try site.addTickets("S-", count: 50_000)
    }

    /// Through nginx, with the service as a child, so that its exit code is seen.
    @Test(arguments: [SIGTERM, SIGINT])
    func underLoadNothingIsLost(signal: Int32) throws {
      try site.service("stop", "holdfast")
      defer { try? site.service("start", "holdfast") }
      unlink(site.sockets[0])
      let service = try ServiceProcess(on: site, listen: site.sockets[0])
      try service.waitUntilReady()
      let load = SteadyLoad(site, prefix: "S-", clients: 32)
      try load.waitForGrants(200)
      service.signal(signal)
      #expect(service.wait(seconds: 60) == 0)
      let outcome = try load.finish()
      #expect(outcome.granted.isSubset(of: outcome.held), "granted, and not in the table")
      // Every request that was accepted is answered.
      #expect(outcome.held.isSubset(of: outcome.granted), "in the table, and not answered")
      #expect(
        outcome.told.isSubset(of: [
          "200 Tickets blocked", "502 Service unavailable: nothing was changed",
          "503 Service stopping; nothing was changed",
        ]), "\(outcome.told)")
      let others = outcome.answers.filter { $0.status != 200 }
      #expect(others.allSatisfy { $0.response?["Retry-After"] == "1" })
      #expect(service.log.contains(#""message":"stopped""#))
    }

    @Test func notReadyWhileItDrains() throws {
      let service = try ServiceProcess(on: site, settings: ["HOLDFAST_SHUTDOWN_TIMEOUT": "10m"])
      try service.waitUntilReady()
      try askWhileItDrains(service)
      // It waits for the web server to close its connections, not for the whole timeout.
      #expect(service.wait(seconds: 30) == 0)
    }

    private func askWhileItDrains(_ service: ServiceProcess) throws {
      let peer = try service.peer()
      #expect(try peer.request("GET", "/readyz").status == 200)
      service.signal(SIGTERM)
      try waitUntil("the stop begins") { service.log.contains(#""message":"stopping""#) }
      let readiness = try peer.request("GET", "/readyz")
      #expect(readiness.status == 503)
      #expect(
        readiness.body
          == #"{"message":"Not ready","status":503,"data":{"database":"ok","stopping":true,"strict_sales":false}}"#
      )
    }

    /// Whoever comes while a load balancer takes the host out is served, also on a new connection.
    @Test func itGoesOnServingForTheDelay() throws {
      let service = try ServiceProcess(on: site, settings: ["HOLDFAST_SHUTDOWN_DELAY": "7s"])
      try askWhileItDrains(service)
      #expect(try service.peer().lock(["S-7"]).status == 200)
      #expect(service.wait(seconds: 60) == 0)
    }

    /// Requests that wait for a locked row are answered before the process ends.
    @Test func requestsInFlightAreAnswered() throws {
      let service = try ServiceProcess(on: site, settings: ["HOLDFAST_LOCK_TIMEOUT": "11s"])
      try service.waitUntilReady()
      let blocker = try site.sessionInserting("S-1")
      let path = service.socketPath
      let waiting = Background { try FastCGIPeer(path: path).lock(["S-1"]) }
      try database.waitUntilBatchIsBlocked()
      service.signal(SIGTERM)
      try waitUntil("the stop begins") { service.log.contains(#""message":"stopping""#) }
      #expect(!waiting.isDone)
      try blocker.run("ROLLBACK")
      #expect(try waiting.value().status == 200)
      #expect(service.wait(seconds: 60) == 0)
      #expect(
        try database.count("SELECT count(*) FROM tickets_blocked WHERE locked_up > now()") == 1)
    }

    /// A request that does not end in time is said to be unanswered, by the exit code and the log.
    @Test func aLateStopFails() throws {
      let service = try ServiceProcess(
        on: site,
        settings: [
          "HOLDFAST_SHUTDOWN_TIMEOUT": "100ms", "HOLDFAST_REQUEST_TIMEOUT": "10m",
          "HOLDFAST_STATEMENT_TIMEOUT": "10m", "HOLDFAST_LOCK_TIMEOUT": "1m",
        ])
      try service.waitUntilReady()
      let blocker = try site.database()
      try blocker.run("BEGIN; LOCK TABLE tickets_blocked")
      let path = service.socketPath
      let waiting = Background { try FastCGIPeer(path: path).lock(["S-1"]) }
      try database.waitUntilBatchIsBlocked()
      service.signal(SIGTERM)
      #expect(service.wait(seconds: 30) == 1)
      #expect(service.log.contains(#""message":"stop timed out""#))
      #expect(service.log.contains(#""unanswered":"1""#))
      #expect(throws: (any Error).self) { try waiting.value() }
    }

    @Test func idleConnectionsDelayItForABoundedTime() throws {
      let service = try ServiceProcess(on: site, settings: ["HOLDFAST_SHUTDOWN_TIMEOUT": "1s"])
      let idle = try service.peer()
      #expect(try idle.request("GET", "/livez").status == 200)
      service.signal(SIGTERM)
      #expect(service.wait(seconds: 30) == 0)
      // Nobody else has closed it.
      withExtendedLifetime(idle) {}
    }

    /// A sweep that waits for an unreachable database ends with the service.
    @Test func aSweepThatWaitsDoesNotDelayIt() throws {
      let service = try ServiceProcess(
        on: site,
        settings: [
          "PGHOST": "/nowhere", "HOLDFAST_SWEEP_INTERVAL": "8s", "HOLDFAST_SHUTDOWN_TIMEOUT": "1s",
        ])
      // The first sweep begins an interval after the start, and no log says so. It waits as long again.
      Clock.sleep(8.2)
      service.signal(SIGTERM)
      #expect(service.wait(seconds: 6) == 0)
    }

    @Test func aSecondSignalEndsItAtOnce() throws {
      let service = try ServiceProcess(on: site, settings: ["HOLDFAST_SHUTDOWN_TIMEOUT": "60s"])
      let idle = try service.peer()
      #expect(try idle.request("GET", "/livez").status == 200)
      service.signal(SIGTERM)
      try waitUntil("the stop begins") { service.log.contains(#""message":"stopping""#) }
      #expect(service.wait(seconds: 0.2) == nil)
      service.signal(SIGTERM)
      // Long before the minute of its timeout.
      let code = service.wait(seconds: 30)
      #expect(code != nil && code != 0)
    }
  }
}
