import Foundation
import TestSupport
import Testing

extension EndToEnd {
  /// PostgreSQL killed and started again, for less time than a request may take: everybody waits, nobody
  /// is refused, and what was being committed is found or run again.
  @Suite(
    "PostgreSQL restarts",
    .site([
      "HOLDFAST_DEMO_TICKETS": "0", "HOLDFAST_READY_TIMEOUT": "1s",
      // Nothing but a commit writes what the negative control must not find.
      "HOLDFAST_POSTGRES_OPTIONS": "-c bgwriter_lru_maxpages=0 -c autovacuum=off",
    ]))
  struct DatabaseRestartTests {
    private let site: Site

    init() throws {
      site = try .ofSuite()
      try site.database().run("TRUNCATE tickets_blocked; TRUNCATE tickets")
      try site.addTickets("F-", count: 100_000)
    }

    /// The tickets that were granted, and those that are held.
    private func outcome(of load: SteadyLoad) throws -> (granted: Set<String>, held: Set<String>) {
      let answers = try load.finish()
      let told = Set(answers.map { "\($0.status ?? 0) \($0.response?.message ?? "closed")" })
      #expect(told == ["200 Tickets blocked"])
      let held = try site.database().column("SELECT ticket_id FROM tickets_blocked")
      return (Set(answers.map(\.ticket)), Set(held))
    }

    private func expectThatNobodyNoticed(_ load: SteadyLoad) throws {
      let (granted, held) = try outcome(of: load)
      #expect(granted == held)
    }

    /// Negative control: PostgreSQL answers commits that it has not flushed, and is stopped at once.
    @Test func whatWasNotFlushedIsLost() throws {
      let database = try site.database()
      // The service insists on it for its sessions; a trigger takes it back.
      try database.run(
        """
        CREATE OR REPLACE FUNCTION unflushed() RETURNS trigger LANGUAGE plpgsql AS
          'BEGIN PERFORM set_config(''synchronous_commit'', ''off'', true); RETURN NULL; END';
        CREATE TRIGGER unflushed AFTER INSERT ON tickets_blocked
          FOR EACH STATEMENT EXECUTE FUNCTION unflushed();
        """)
      defer { _ = try? site.database().run("DROP TRIGGER IF EXISTS unflushed ON tickets_blocked") }
      // It writes, now and then, what no commit has waited for.
      let writer = try #require(
        pid_t(
          try database.value("SELECT pid FROM pg_stat_activity WHERE backend_type = 'walwriter'")))
      kill(writer, SIGSTOP)
      // In case the test fails before it kills it.
      defer { kill(writer, SIGCONT) }
      let load = SteadyLoad(site, prefix: "F-")
      try load.waitForGrants(50)
      kill(site.postgresID, SIGQUIT)
      kill(writer, SIGKILL)
      try startAgain()
      try load.waitForGrants(50)
      let (granted, held) = try outcome(of: load)
      #expect(granted.subtracting(held).count > 0)
    }

    private func startAgain() throws {
      try waitUntil("PostgreSQL is gone") { !ProcessTable.isRunning(site.postgresID) }
      try site.service("start", "postgres")
    }

    @Test func killedAndStartedAgainUnderLoad() throws {
      let load = SteadyLoad(site, prefix: "F-")
      try load.waitForGrants(50)
      try site.service("kill", "postgres")
      // A session notices a moment later that its server is gone.
      try waitUntil("it is not ready") { try site.http().get("/readyz").status == 503 }
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
      try startAgain()
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
