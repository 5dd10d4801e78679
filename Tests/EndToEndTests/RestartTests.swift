import Testing

extension EndToEnd {
  /// Two instances are restarted one after the other, and no request fails.
  @Suite("Restart", .site(["HOLDFAST_INSTANCES": "2", "HOLDFAST_DEMO_TICKETS": "0"]))
  struct RestartTests {
    @Test func aRollingRestartRefusesNobody() throws {
      let site = try Site.ofSuite()
      try site.addTickets("T-", count: 100_000)
      let outcome = try SteadyLoad.during(site, prefix: "T-", grants: 200) { _ in
        try site.service("restart", "holdfast")
      }
      #expect(outcome.told == ["200 Tickets blocked"])
      #expect(outcome.held == outcome.granted)
    }

    /// The package's helper does so, and does not touch the next instance if one is not ready.
    @Test func theHelperOfThePackageRefusesNobody() throws {
      let site = try Site.ofSuite()
      try site.addTickets("P-", count: 100_000)
      let outcome = try SteadyLoad.during(site, prefix: "P-", grants: 200, pause: 0.005) { _ in
        let processes = site["HOLDFAST_PIDS"].split(separator: " ")
        let failed = try site.rollingRestart(status: "not ready, the database is unreachable")
        #expect(failed.exitCode == 1)
        #expect(failed.output.contains("holdfast@1.service: not ready after 1 s"))
        let half = site["HOLDFAST_PIDS"].split(separator: " ")
        #expect(half[0] != processes[0] && half[1] == processes[1])
        let done = try site.rollingRestart(status: "ready; 1 requests/s; 0 wait for a commit")
        #expect(done.exitCode == 0, "\(done.output)")
        let all = site["HOLDFAST_PIDS"].split(separator: " ")
        #expect(all[0] != half[0] && all[1] != half[1])
      }
      #expect(outcome.told == ["200 Tickets blocked"])
    }

    /// A killed instance answers nothing more; the other one serves what it had not begun.
    @Test func aKilledInstance() throws {
      let site = try Site.ofSuite()
      try site.addTickets("K-", count: 100_000)
      let outcome = try SteadyLoad.during(site, prefix: "K-", grants: 200) { load in
        try site.service("kill", "holdfast-1")
        try load.waitForGrants(200)
        try site.service("start", "holdfast-1")
      }
      #expect(
        outcome.told.isSubset(of: [
          "200 Tickets blocked", "502 Service unavailable: outcome unknown",
          "502 Service unavailable: nothing was changed",
        ]), "\(outcome.told)")
      // No more than were in flight.
      #expect(outcome.answers.count { $0.status != 200 } <= 16)
      for answer in outcome.answers {
        let isHeld = outcome.held.contains(answer.ticket)
        #expect(answer.status != 200 || isHeld)
        #expect(!(answer.response?.message.hasSuffix("nothing was changed") ?? false) || !isHeld)
      }
    }
  }
}
