import Foundation
import Testing

extension EndToEnd {
  /// PostgreSQL killed and started again, for less time than a request may take: everybody waits, nobody
  /// is refused, and what was being committed is found or run again.
  @Suite(
    "PostgreSQL restarts",
    .site(["HOLDFAST_DEMO_TICKETS": "0", "HOLDFAST_READY_TIMEOUT": "1s"]))
  struct DatabaseRestartTests {
    private let site: Site

    init() throws {
      site = try .ofSuite()
      try site.database().run("TRUNCATE tickets_blocked; TRUNCATE tickets")
      try site.addTickets("F-", count: 100_000)
    }

    private func expectThatNobodyNoticed(_ load: SteadyLoad) throws {
      let answers = try load.finish()
      let told = Set(answers.map { "\($0.status ?? 0) \($0.response?.message ?? "closed")" })
      #expect(told == ["200 Tickets blocked"])
      let held = try site.database().column("SELECT ticket_id FROM tickets_blocked")
      #expect(held.sorted() == answers.map(\.ticket).sorted())
    }

    @Test func killedAndStartedAgainUnderLoad() throws {
      let load = SteadyLoad(site, prefix: "F-")
      try load.waitForGrants(50)
      try site.service("kill", "postgres")
      #expect(try site.http().get("/readyz").status == 503)
      #expect(try site.http().get("/livez").status == 200)
      try site.service("start", "postgres")
      try load.waitForGrants(50)
      try expectThatNobodyNoticed(load)
    }

    @Test func stoppedAtOnceAndStartedAgainUnderLoad() throws {
      let load = SteadyLoad(site, prefix: "F-")
      try load.waitForGrants(50)
      // What `pg_ctl stop -m immediate` sends.
      kill(site.postgresID, SIGQUIT)
      try Clock.wait("PostgreSQL is gone") { !ProcessTable.isRunning(site.postgresID) }
      try site.service("start", "postgres")
      try load.waitForGrants(50)
      try expectThatNobodyNoticed(load)
    }

    /// The server kills all of its sessions and recovers by itself.
    @Test func aSessionKilledUnderLoad() throws {
      let load = SteadyLoad(site, prefix: "F-")
      try load.waitForGrants(50)
      let session = try site.database().value(
        "SELECT pid FROM pg_stat_activity WHERE query LIKE '%holdfast_commit%' AND pid <> pg_backend_pid() LIMIT 1"
      )
      kill(try #require(pid_t(session)), SIGKILL)
      try load.waitForGrants(50)
      try expectThatNobodyNoticed(load)
    }
  }
}
