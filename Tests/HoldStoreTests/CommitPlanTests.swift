import Holds
import Testing

@testable import HoldStore

extension ServerSuites {
  /// No plan reads a table from end to end, whatever its statistics said when it was made.
  @Suite struct CommitPlanTests {
    private let database: Database

    init() throws {
      database = try Database()
      try database.migrate { $0.indexesLimits = true }
    }

    /// Sequential scans of the tables that a piece of work makes.
    private func scans(_ work: () throws -> Void) throws -> Int {
      try growth(
        of: """
          SELECT pg_stat_get_xact_numscans('tickets'::regclass)
               + pg_stat_get_xact_numscans('tickets_blocked'::regclass)
               + pg_stat_get_xact_numscans('holdfast_sales'::regclass)
          """, by: work)
    }

    /// Entries of their indexes that a piece of work reads.
    private func indexEntries(_ work: () throws -> Void) throws -> Int {
      try growth(
        of: """
          SELECT sum(pg_stat_get_xact_tuples_returned(indexrelid)) FROM pg_index
           WHERE indrelid IN ('tickets'::regclass, 'tickets_blocked'::regclass,
                              'holdfast_sales'::regclass)
          """, by: work)
    }

    /// By how much the work makes a counter grow. The counters are the transaction's own.
    private func growth(of counter: String, by work: () throws -> Void) throws -> Int {
      try database.run("BEGIN")
      defer { try? database.run("ROLLBACK") }
      let before = try database.integer(counter)
      try work()
      return try database.integer(counter) - before
    }

    /// Locks of a cart and of a shopper who may not have more, and a call for best available tickets.
    private func commitWithLimits() throws {
      let best = BestRequest(
        eventID: "E", quantity: 1, reservedSeconds: 60, holdID: HoldID("chooser"))
      _ = try database.commit(
        [
          .lock(["31", "32"], as: "cart", shopper: "Ann"), .lock(["33", "34"], shopper: "Ann"),
          .lock(["35"], as: "chooser", choice: ChoiceKey(best)),
          .lock(["36"], as: "chooser", shopper: "Ann", choice: ChoiceKey(best)),
        ], heldTicketLimit: 3)
      _ = try database.commit([
        .release("31", "32", as: "cart"), .release("33", "34"), .release("35", "36", as: "chooser"),
      ])
    }

    private func commitEveryKind() throws {
      for round in 0..<8 {
        try commitWithLimits()
        _ = try database.commit([
          .lock("41", as: "payer"), .confirm("41", order: "\(round)", as: "payer"),
          .confirm("42", order: "A"), .confirm("42", order: "A"), .confirm("nowhere", order: "B"),
        ])
        _ = try database.commit([
          .lock("1", "2", "nowhere"), .lock("3", "4", as: "cart"), .lock("3", as: "cart"),
          .release("4", as: "cart"), .lock("5"), .release("5"), .lock("6", "7"), .release("7"),
        ])
        _ = try database.commit([.lock("3", "9", as: "cart"), .release("6"), .lock("10")])
        _ = try database.commit([.release("9", "3", as: "cart"), .release("10")])
      }
    }

    @Test func aPlanMadeForEmptyTablesReadsNoneFromEndToEnd() throws {
      try database.run("TRUNCATE tickets, tickets_blocked; ANALYZE tickets, tickets_blocked")
      #expect(try scans { try commitEveryKind() } == 0)
    }

    @Test func noPlanReadsATableFromEndToEndAsItFillsAndEmpties() throws {
      // A plan is made now, while there is nothing.
      try commitEveryKind()
      try database.run(
        """
        INSERT INTO tickets (ticket_id) SELECT generate_series(1, 50000)::text;
        INSERT INTO tickets_blocked (ticket_id, locked_up, hold_key)
          SELECT generate_series(1000, 50000)::text, now() + interval '1 h', sha256('somebody');
        """)
      #expect(try scans { try commitEveryKind() } == 0)
      try database.run("ANALYZE tickets, tickets_blocked")
      #expect(try scans { try commitEveryKind() } == 0)
      try database.run("TRUNCATE tickets_blocked; ANALYZE tickets_blocked")
      #expect(try scans { try commitEveryKind() } == 0)
      #expect(try database.outcomes(.lock("1", "2")) == ["granted"])
    }

    /// A join that begins with the whole index would be the cheapest as long as the table is empty.
    @Test func aPlanMadeForEmptyTablesReadsNoIndexFromEndToEnd() throws {
      for table in ["tickets", "tickets_blocked", "holdfast_sales"] {
        try database.run("VACUUM (ANALYZE) \(table)")
      }
      try commitEveryKind()
      try database.run(
        """
        INSERT INTO tickets_blocked (ticket_id, locked_up, hold_key)
          SELECT 'held ' || n, now() + interval '1 h', sha256('somebody')
            FROM generate_series(1, 20000) AS n;
        INSERT INTO holdfast_sales (order_id, ticket_id, sold_at)
          SELECT 'sold ' || n, n, now() FROM generate_series(1, 20000) AS n;
        INSERT INTO tickets (ticket_id) SELECT generate_series(100, 20000)::text;
        """)
      #expect(try indexEntries { try commitEveryKind() } < 20000)
    }

    @Test func theCountersCount() throws {
      #expect(try scans { _ = try database.integer("SELECT count(*) FROM tickets") } == 1)
      try database.run("SET enable_seqscan = off")
      let entries = try indexEntries {
        try database.run("SELECT count(*) FROM tickets WHERE ticket_id > ''")
      }
      #expect(try entries == database.integer("SELECT count(*) FROM tickets"))
    }

    @Test func withoutItsPinsTheFunctionWouldReadThemFromEndToEnd() throws {
      try database.run(
        """
        ALTER FUNCTION holdfast_commit RESET ALL;
        INSERT INTO tickets (ticket_id) SELECT generate_series(1, 20)::text;
        ANALYZE tickets, tickets_blocked;
        """)
      #expect(try scans { try commitEveryKind() } > 0)
    }
  }
}
