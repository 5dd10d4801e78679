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

    /// A page holds fewer rows than these, and each statement covers one.
    @Test func theSweepGoesOnPastARowThatAKeyKeeps() throws {
      try database.run(
        """
        INSERT INTO tickets_blocked (ticket_id, date_created, locked_up)
        SELECT n::text, now() - interval '1 h', now() - interval '50 min'
          FROM generate_series(1, 1000) n
        """)
      try addNotes(onDelete: "NO ACTION")
      try database.run("INSERT INTO notes VALUES ('1')")
      let settings = HoldStoreSettings.patient(database.conninfo).with { $0.sweepPages = 1 }
      try HoldStore.run(settings) { store in
        #expect(try store.sweep() != nil)
        let left = try database.integer("SELECT count(*) FROM tickets_blocked")
        #expect(left > 0 && left < 200, "\(left)")
        try database.run("DELETE FROM notes")
        #expect(try store.sweep() == nil)
        #expect(try database.integer("SELECT count(*) FROM tickets_blocked") == 0)
      }
    }
  }
}
