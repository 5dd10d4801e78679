import Testing

extension EndToEnd {
  /// Two instances are restarted one after the other, and no request fails.
  @Suite("Restart", .site(["HOLDFAST_INSTANCES": "2", "HOLDFAST_DEMO_TICKETS": "0"]))
  struct RestartTests {
    @Test func aRollingRestartRefusesNobody() throws {
      let site = try Site.ofSuite()
      try site.addTickets("T-", count: 100_000)
      let load = SteadyLoad(site, prefix: "T-", clients: 16)
      try load.waitForGrants(200)
      try site.service("restart", "holdfast")
      try load.waitForGrants(200)
      let answers = try load.finish()
      let told = Set(answers.map { "\($0.status ?? 0) \($0.response?.message ?? "closed")" })
      #expect(told == ["200 Tickets blocked"])
      let held = Set(try site.database().column("SELECT ticket_id FROM tickets_blocked"))
      #expect(held == Set(answers.map(\.ticket)))
    }

    /// The package's helper does so, and does not touch the next instance if one is not ready.
    @Test func theHelperOfThePackageRefusesNobody() throws {
      let site = try Site.ofSuite()
      try site.addTickets("P-", count: 100_000)
      let load = SteadyLoad(site, prefix: "P-", clients: 16)
      try load.waitForGrants(200)
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
      try load.waitForGrants(200)
      let answers = try load.finish()
      let told = Set(answers.map { "\($0.status ?? 0) \($0.response?.message ?? "closed")" })
      #expect(told == ["200 Tickets blocked"])
    }

    /// A killed instance answers nothing more; the other one serves what it had not begun.
    @Test func aKilledInstance() throws {
      let site = try Site.ofSuite()
      try site.addTickets("K-", count: 100_000)
      let load = SteadyLoad(site, prefix: "K-", clients: 16)
      try load.waitForGrants(200)
      try site.service("kill", "holdfast-1")
      try load.waitForGrants(200)
      try site.service("start", "holdfast-1")
      try load.waitForGrants(200)
      let answers = try load.finish()
      let told = Set(answers.map { "\($0.status ?? 0) \($0.response?.message ?? "closed")" })
      #expect(
        told.isSubset(of: [
          "200 Tickets blocked", "502 Service unavailable: outcome unknown",
          "502 Service unavailable: nothing was changed",
        ]), "\(told)")
      // No more than were in flight.
      #expect(answers.count { $0.status != 200 } <= 16)
      let held = Set(
        try site.database().column(
          "SELECT ticket_id FROM tickets_blocked WHERE ticket_id LIKE 'K-%'"))
      for answer in answers {
        let isHeld = held.contains(answer.ticket)
        #expect(answer.status != 200 || isHeld)
        #expect(!(answer.response?.message.hasSuffix("nothing was changed") ?? false) || !isHeld)
      }
    }
  }
}
