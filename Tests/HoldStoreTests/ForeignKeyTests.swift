import Holds
import Postgres
import TestSupport
import Testing

@testable import HoldStore

extension ServerSuites {
  /// Foreign keys of a site's own, to and from the table of holds.
  @Suite struct ForeignKeyTests {
    private let database: Database

    init() throws {
      database = try Database(selling: ["a", "b", "c"])
    }

    private func addNotes(onDelete action: String) throws {
      try database.run(
        """
        CREATE TABLE notes (ticket_id text
          REFERENCES tickets_blocked (ticket_id) ON DELETE \(action))
        """)
    }

    @Test(arguments: [
      ("NO ACTION", "names is neither released"), ("RESTRICT", "names is neither released"),
      ("SET NULL", "to NULL or its default"), ("SET DEFAULT", "to NULL or its default"),
      ("CASCADE", "by ON DELETE CASCADE"),
    ])
    func whatAKeyToTheHoldsDoesIsSaid(action: String, text: String) throws {
      #expect(try !database.migrate().contains { $0.contains("notes") })
      try addNotes(onDelete: action)
      let lines = try database.migrate().filter { $0.contains("notes") }
      #expect(lines.count == 1)
      #expect(lines.first?.hasPrefix("warning: ") == true && lines[0].contains(text), "\(lines)")
    }

    @Test func aKeyToTheTicketsIsNoted() throws {
      func notes() throws -> [String] {
        try database.migrate().filter { $0.contains("foreign key to public.tickets") }
      }
      #expect(try notes() == [])
      try database.run(
        "ALTER TABLE tickets_blocked ADD FOREIGN KEY (ticket_id) REFERENCES tickets (ticket_id)")
      #expect(try notes().count == 1)
      // What the note says: a lock waits for the ticket's row.
      let other = try Database(beside: database)
      try other.run("BEGIN; SELECT FROM tickets WHERE ticket_id = 'a' FOR UPDATE")
      try database.run("SET lock_timeout = 20")
      let error = #expect(throws: PostgresError.self) { try database.outcomes(.lock("a")) }
      #expect(error?.code == .server(.lockNotAvailable))
      try other.run("ROLLBACK")
      #expect(try database.outcomes(.lock("a")) == ["granted"])
    }

    private func addExpiredHolds() throws {
      try database.run(
        """
        INSERT INTO tickets_blocked (ticket_id, date_created, locked_up)
        SELECT n::text, now() - interval '1 h', now() - interval '50 min'
          FROM generate_series(1, 1000) n
        """)
    }

    /// A page has fewer rows than these.
    private func expectTheSweepToGoOn(pagesPerStatement: Int, removing cause: String) throws {
      let settings = HoldStoreSettings.patient(database.conninfo)
        .with { $0.sweepPages = pagesPerStatement }
      try HoldStore.run(settings) { store throws in
        #expect(try store.sweep() == .sweepRefused)
        let left = try database.integer("SELECT count(*) FROM tickets_blocked")
        #expect(left > 0 && left < 200, "\(left)")
        try database.run(cause)
        #expect(try store.sweep() == nil)
        #expect(try database.integer("SELECT count(*) FROM tickets_blocked") == 0)
      }
    }

    @Test(
      arguments: ["NO ACTION", "RESTRICT", "NO ACTION DEFERRABLE INITIALLY DEFERRED"], [1, 3, 128])
    func theSweepGoesOnPastARowThatAKeyKeeps(action: String, pages: Int) throws {
      try addExpiredHolds()
      try addNotes(onDelete: action)
      try database.run("INSERT INTO notes VALUES ('500')")
      try expectTheSweepToGoOn(pagesPerStatement: pages, removing: "DELETE FROM notes")
    }

    /// PostgreSQL 18 says `restrict_violation` for `ON DELETE RESTRICT`.
    @Test(arguments: ["restrict_violation", "raise_exception"])
    func theSweepGoesOnPastARowThatATriggerKeeps(condition: String) throws {
      try addExpiredHolds()
      try database.run(
        """
        CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF OLD.ticket_id = '500' THEN RAISE \(condition) USING MESSAGE = 'kept'; END IF;
          RETURN OLD;
        END $$;
        CREATE TRIGGER keep BEFORE DELETE ON tickets_blocked
          FOR EACH ROW EXECUTE FUNCTION keep();
        """)
      try expectTheSweepToGoOn(
        pagesPerStatement: 128, removing: "DROP TRIGGER keep ON tickets_blocked")
    }

    /// What concerns no row is not tried page by page.
    @Test func aSweepThatTheDatabaseRefusesEndsAtOnce() throws {
      try addExpiredHolds()
      try database.run(
        """
        CREATE SEQUENCE tries;
        CREATE FUNCTION deny() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          PERFORM nextval('tries');
          RAISE insufficient_privilege;
        END $$;
        CREATE TRIGGER deny BEFORE DELETE ON tickets_blocked
          FOR EACH ROW EXECUTE FUNCTION deny();
        """)
      try HoldStore.run(.patient(database.conninfo)) { store throws in
        #expect(try store.sweep() == .sweepRefused)
        #expect(try database.integer("SELECT last_value FROM tries") == 1)
      }
    }
  }
}
