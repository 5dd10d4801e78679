import Holds
import TestSupport
import Testing

@testable import HoldStore

extension ServerSuites {
  /// The ticket for which a readiness check enters a hold, and takes it back.
  @Suite struct DryCommitTests {
    private let database: Database

    init() throws {
      database = try Database()
    }

    private func readiness() throws -> Readiness.Database {
      let check = DatabaseCheck(strictSales: .auto, onEvent: { _ in })
      return try check.run(on: database.connection, deadline: Database.patience)
    }

    /// A site's own guard, by a condition on the ticket `t`.
    private func refuseHolds(of condition: String) throws {
      try database.run(
        """
        CREATE FUNCTION guard() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF EXISTS (SELECT FROM tickets t WHERE t.ticket_id = NEW.ticket_id AND (\(condition))) THEN
            RAISE EXCEPTION 'ticket % may not be held', NEW.ticket_id;
          END IF;
          RETURN NEW;
        END $$;
        CREATE TRIGGER guard BEFORE INSERT ON tickets_blocked
          FOR EACH ROW EXECUTE FUNCTION guard();
        """)
    }

    @Test func itIsOneThatMayBeHeld() throws {
      try database.run(
        """
        ALTER TABLE tickets ALTER status DROP NOT NULL;
        INSERT INTO tickets (ticket_id, status) VALUES ('sold', false), ('unclear', NULL);
        """)
      try refuseHolds(of: "t.status IS NOT TRUE")
      // The control: the guard is in the way of what the check must not choose.
      #expect(throws: (any Error).self) {
        try database.run("INSERT INTO tickets_blocked VALUES ('sold', now())")
      }
      #expect(try readiness() == .ok)
      try database.sell(["free"])
      #expect(try readiness() == .ok)
      try database.run("ALTER TABLE tickets_blocked ADD CHECK (ticket_id <> 'free')")
      #expect("\(try readiness())".contains("violates check constraint"))
    }

    @Test func itIsNotWithheld() throws {
      try database.run("ALTER TABLE tickets ADD status_offline boolean")
      try database.migrate()
      try database.sell(["withheld"])
      try database.run("UPDATE tickets SET status_offline = true")
      try refuseHolds(of: "t.status_offline")
      #expect(try readiness() == .ok)
      try database.sell(["free"])
      #expect(try readiness() == .ok)
      try database.run("ALTER TABLE tickets_blocked ADD CHECK (ticket_id <> 'free')")
      #expect("\(try readiness())".contains("violates check constraint"))
    }

    /// A table of ten million sold tickets is not read through for it.
    @Test func itIsLookedForAmongSomeTicketsOnly() throws {
      try database.run(
        """
        INSERT INTO tickets (ticket_id, status) SELECT n::text, false FROM generate_series(1, 20000) n;
        SELECT pg_stat_force_next_flush();
        """)
      #expect(try readiness() == .ok)
      try database.run("SELECT pg_stat_force_next_flush()")
      let read = "seq_tup_read FROM pg_stat_user_tables WHERE relname = 'tickets'"
      let count = try database.integer("SELECT \(read)")
      #expect(count > 0 && count < 2000, "\(count)")
    }
  }
}
