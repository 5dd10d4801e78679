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

    /// Does something to PostgreSQL under load.
    private func duringLoad(_ fault: () throws -> Void) throws -> SteadyLoad.Outcome {
      let outcome = try SteadyLoad.during(site, prefix: "F-") { _ in try fault() }
      #expect(outcome.told == ["200 Tickets blocked"])
      return outcome
    }

    private func expectThatNobodyNotices(_ fault: () throws -> Void) throws {
      let outcome = try duringLoad(fault)
      #expect(outcome.granted == outcome.held)
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
      let outcome = try duringLoad {
        kill(site.postgresID, SIGQUIT)
        kill(writer, SIGKILL)
        try startAgain()
      }
      #expect(!outcome.granted.isSubset(of: outcome.held))
    }

    private func startAgain() throws {
      try waitUntil("PostgreSQL is gone") { !ProcessTable.isRunning(site.postgresID) }
      try site.service("start", "postgres")
    }

    @Test func killedAndStartedAgainUnderLoad() throws {
      try expectThatNobodyNotices {
        try site.service("kill", "postgres")
        // A session notices a moment later that its server is gone.
        try waitUntil("it is not ready") { try site.http().get("/readyz").status == 503 }
        #expect(try site.http().get("/livez").status == 200)
        try site.service("start", "postgres")
      }
    }

    @Test func stoppedAtOnceAndStartedAgainUnderLoad() throws {
      try expectThatNobodyNotices {
        // What `pg_ctl stop -m immediate` sends.
        kill(site.postgresID, SIGQUIT)
        try startAgain()
      }
    }

    /// The server kills all of its sessions and recovers by itself.
    @Test func aSessionKilledUnderLoad() throws {
      try expectThatNobodyNotices {
        let session = try site.database().value(
          "SELECT pid FROM pg_stat_activity WHERE query LIKE '%holdfast_commit%' AND pid <> pg_backend_pid() LIMIT 1"
        )
        kill(try #require(pid_t(session)), SIGKILL)
      }
    }
  }
}
