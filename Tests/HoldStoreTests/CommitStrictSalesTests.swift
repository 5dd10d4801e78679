import Postgres
import TestSupport
import Testing

@testable import HoldStore

extension ServerSuites {
  /// A sale by plain SQL that finds no hold, in the moment between a batch's last look at the tickets
  /// and its commit.
  @Suite struct CommitStrictSalesTests {
    private let database: Database
    private let other: Database

    init() throws {
      database = try Database(selling: ["a", "b", "c"])
      other = try Database(beside: database)
      // Runs after the function has returned and before the commit is written.
      try database.run(
        """
        CREATE FUNCTION pause() RETURNS trigger LANGUAGE plpgsql AS
          'BEGIN PERFORM pg_advisory_xact_lock(7); RETURN NULL; END';
        CREATE CONSTRAINT TRIGGER pause AFTER INSERT OR UPDATE ON tickets_blocked
          DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION pause();
        """)
    }

    /// Sells a ticket while a batch that grants it commits.
    ///
    /// - Returns: The error of the sale, if it has to wait; else it commits first.
    private func sellDuringTheCommit(isStrict: Bool) throws -> PostgresError? {
      try other.run("SELECT pg_advisory_lock(7)")
      let commit = Background { [database] in
        try database.outcomes(.lock("a"), .lock("b"), isStrict: isStrict)
      }
      try other.waitForBlockedStatement()
      var problem: PostgresError?
      do throws(PostgresError) {
        try other.connection.run(
          script:
            "SET lock_timeout = '200 ms'; UPDATE tickets SET status = false WHERE ticket_id = 'a'",
          deadline: Database.patience)
      } catch {
        problem = error
      }
      try other.run("SELECT pg_advisory_unlock(7)")
      #expect(try commit.value() == ["granted", "granted"])
      #expect(try database.holds().keys.sorted() == ["a", "b"])
      return problem
    }

    @Test func aStrictCommitIsNotOvertaken() throws {
      #expect(try sellDuringTheCommit(isStrict: true)?.code == .server(.lockNotAvailable))
    }

    /// Negative control: the hold is granted on a ticket whose sale committed before.
    @Test func withoutTheLockTheSaleCommitsFirst() throws {
      #expect(try sellDuringTheCommit(isStrict: false) == nil)
      #expect(try database.bool("NOT status FROM tickets WHERE ticket_id = 'a'"))
    }

    @Test func aTicketThatIsBeingSoldIsDeferred() throws {
      try database.run("DROP TRIGGER pause ON tickets_blocked")
      try other.run("BEGIN; UPDATE tickets SET status = false WHERE ticket_id = 'a'")
      func outcomes() throws -> [String] {
        try database.commit([.lock("a", "c"), .lock("b"), .lock("b", "a")], isStrict: true)
          .verdicts.map { verdict in
            switch verdict {
            case .deferred: "deferred"
            case .decided(.granted): "granted"
            default: "refused"
            }
          }
      }
      #expect(try outcomes() == ["deferred", "granted", "deferred"])
      try other.run("COMMIT")
      #expect(try outcomes() == ["refused", "refused", "refused"])
      #expect(try database.holds().keys.sorted() == ["b"])
    }

    /// Also the batch that waits while the first connection is opened, which finds out about the right.
    @Test func theFirstBatchIsStrict() throws {
      try database.takeOut(
        "IF v_sells THEN\n    v_order_locks",
        insteadOf: "IF NOT p_strict THEN RAISE 'not strict'; END IF; IF v_sells THEN v_order_locks")
      try database.run("DROP TRIGGER pause ON tickets_blocked")
      let settings = HoldStoreSettings.patient(database.conninfo).with { $0.strictSales = .auto }
      try HoldStore.run(settings) { store throws in
        #expect(try store.outcome(.lock("a")).isGranted)
      }
    }

    /// The model's histories, with strict sales.
    @Test func aStrictHistoryIsTheModels() throws {
      try database.run("DROP TRIGGER pause ON tickets_blocked")
      var history = try HoldHistory(database, seed: 7, isStrict: true)
      try history.run(steps: 1000)
    }
  }
}
