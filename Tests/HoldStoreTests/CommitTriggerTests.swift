import Holds
import Postgres
import Testing

@testable import HoldStore

extension ServerSuites {
  /// Adopted tables whose triggers meddle with what a commit changes: it does all of it, or nothing.
  @Suite struct CommitTriggerTests {
    private let database: Database

    init() throws {
      database = try Database(selling: ["a", "b", "c"])
      #expect(try database.outcomes(.lock("a", as: "cart")) == ["granted"])
    }

    private func addTrigger(_ events: String, on table: String, _ body: String) throws {
      try database.run(
        """
        CREATE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN \(body) RETURN NULL; END';
        CREATE TRIGGER meddle \(events) ON \(table) FOR EACH ROW EXECUTE FUNCTION meddle();
        """)
    }

    /// The platform notes at each ticket when its hold has changed.
    @Test func aTicketThatItsHoldsTriggerChangesIsSold() throws {
      try database.run("ALTER TABLE tickets ADD noted timestamptz")
      try addTrigger(
        "AFTER INSERT OR DELETE", on: "tickets_blocked",
        "UPDATE tickets SET noted = now() WHERE ticket_id = coalesce(NEW.ticket_id, OLD.ticket_id);"
      )
      #expect(
        try database.outcomes(.confirm("a", order: "1", as: "cart"), .lock("b"))
          == ["sold", "granted"])
      // Late, when there is no row of a hold any more.
      #expect(try database.outcomes(.confirm("c", order: "2")) == ["sold"])
      #expect(
        try database.texts("SELECT ticket_id FROM tickets WHERE NOT status AND noted IS NOT NULL")
          .sorted() == ["a", "c"])
    }

    /// The other way round: the platform notes at each hold that its ticket was sold.
    @Test func aHoldThatItsTicketsTriggerChangesIsDeleted() throws {
      try database.run("ALTER TABLE tickets_blocked ADD noted timestamptz")
      try addTrigger(
        "AFTER UPDATE OF status", on: "tickets",
        "UPDATE tickets_blocked SET noted = now() WHERE ticket_id = NEW.ticket_id;")
      #expect(try database.outcomes(.confirm("a", order: "1", as: "cart")) == ["sold"])
      #expect(
        try database.outcomes(.lock("b", as: "cart"), .confirm("c", order: "2"))
          == ["granted", "sold"])
      #expect(
        try database.outcomes(.confirm("b", order: "3", as: "cart"), .release("a")) == [
          "sold", "released",
        ])
      #expect(try database.holds().isEmpty)
    }

    /// The platform refuses holds of sold tickets itself.
    @Test func aGuardAgainstHoldsOfSoldTicketsLetsConfirmsPass() throws {
      try addTrigger(
        "BEFORE INSERT", on: "tickets_blocked",
        """
        IF NOT (SELECT status FROM tickets WHERE ticket_id = NEW.ticket_id) THEN
          RAISE ''sold'';
        END IF;
        RETURN NEW;
        """)
      #expect(
        try database.outcomes(.confirm("a", order: "1", as: "cart"), .confirm("b", order: "2"))
          == ["sold", "sold"])
      #expect(try database.outcomes(.confirm("c", order: "3")) == ["sold"])
      #expect(try database.holds().isEmpty)
    }

    /// The platform keeps the rows of holds that have ended, or deletes them itself.
    @Test(arguments: [
      "UPDATE tickets_blocked SET locked_up = now() WHERE ticket_id = OLD.ticket_id;",
      "IF pg_trigger_depth() = 1 THEN DELETE FROM tickets_blocked WHERE ticket_id = OLD.ticket_id;"
        + " ELSE RETURN OLD; END IF;",
    ])
    func aHoldThatItsTriggerEndsIsReleased(body: String) throws {
      try addTrigger("BEFORE DELETE", on: "tickets_blocked", body)
      #expect(try database.outcomes(.release("a", as: "cart")) == ["released"])
      #expect(try database.outcomes(.lock("a", as: "other")) == ["granted"])
      #expect(try database.outcomes(.confirm("a", order: "1", as: "other")) == ["sold"])
    }

    private static let silent = [
      ("BEFORE UPDATE", "tickets", HoldOperation.confirm("a", order: "1", as: "cart")),
      ("BEFORE UPDATE", "tickets", .confirm("b", order: "1")),
      ("BEFORE INSERT", "tickets_blocked", .lock("b")),
      ("BEFORE INSERT", "tickets_blocked", .lock("a", "b", as: "cart")),
      ("BEFORE UPDATE", "tickets_blocked", .lock("a", seconds: 900, as: "cart")),
      ("BEFORE DELETE", "tickets_blocked", .release("a", as: "cart")),
      ("BEFORE DELETE", "tickets_blocked", .confirm("a", order: "1", as: "cart")),
    ]

    private func outcomeOfASilentTrigger(
      _ events: String, _ table: String, _ operation: HoldOperation
    ) throws -> String {
      try addTrigger(events, on: table, "")
      do throws(PostgresError) {
        return Database.word(try database.commit([operation]).verdicts[0])
      } catch {
        #expect(try database.holds().keys.sorted() == ["a"])
        #expect(try database.integer("SELECT count(*) FROM holdfast_sales") == 0)
        return error.message
      }
    }

    @Test(arguments: silent)
    func whatATriggerKeepsFromBeingDoneFails(
      events: String, table: String, operation: HoldOperation
    ) throws {
      #expect(
        try outcomeOfASilentTrigger(events, table, operation)
          == "a trigger keeps a ticket or its hold from being changed")
    }

    /// Negative control: without the count it seems to be done.
    @Test(arguments: silent)
    func withoutTheCountItSeemsToBeDone(
      events: String, table: String, operation: HoldOperation
    ) throws {
      try database.takeOutCount()
      #expect(
        ["granted", "sold", "released"].contains(
          try outcomeOfASilentTrigger(events, table, operation)))
    }
  }
}
