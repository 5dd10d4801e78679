import Holds
import Testing

@testable import HoldStore

extension ServerSuites {
  /// No plan reads a table from end to end, whatever its statistics said when it was made.
  @Suite struct CommitPlanTests {
    private let database: Database

    init() throws { database = try Database() }

    /// Sequential scans of the tables that a piece of work makes.
    private func scans(_ work: () throws -> Void) throws -> Int {
      let count = """
        SELECT pg_stat_get_xact_numscans('tickets'::regclass)
             + pg_stat_get_xact_numscans('tickets_blocked'::regclass)
        """
      // The counters are the transaction's own.
      try database.run("BEGIN")
      defer { try? database.run("ROLLBACK") }
      let before = try database.integer(count)
      try work()
      return try database.integer(count) - before
    }

    private func commitEveryKind() throws {
      for _ in 0..<8 {
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

    @Test func theCounterCounts() throws {
      #expect(try scans { _ = try database.integer("SELECT count(*) FROM tickets") } == 1)
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
