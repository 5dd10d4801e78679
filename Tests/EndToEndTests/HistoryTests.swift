import Foundation
import Testing

extension EndToEnd {
  /// Every hold, renewal, release and sale leaves its row in the history, and nothing else does; also
  /// when PostgreSQL is killed under it.
  @Suite(
    "History",
    .site([
      "HOLDFAST_DEMO_TICKETS": "0", "HOLDFAST_CONFIRM": "true",
    ]))
  struct HistoryTests {
    private let site: Site
    private let audit: HistoryAudit

    init() throws {
      site = try .ofSuite()
      audit = HistoryAudit(site)
      try site.database().run(
        "TRUNCATE tickets_blocked, tickets, holdfast_sales, holdfast_history")
      try site.addTickets("H-", count: 20_000)
    }

    /// Carts that come and go, with something that happens in between; what they were answered.
    private func run(_ meanwhile: () throws -> Void = {}) throws -> [CartLoad.Step] {
      let load = CartLoad(site, prefix: "H-")
      try load.waitForSteps(200)
      try meanwhile()
      try load.waitForSteps(200)
      return try load.finish()
    }

    private func killPostgreSQL() throws {
      try site.service("kill", "postgres")
      try site.service("start", "postgres")
    }

    @Test func theHistoryIsCompleteAndTrue() throws {
      let steps = try run { try killPostgreSQL() }
      #expect(steps.allSatisfy { $0.status == 200 })
      for kind in CartLoad.Kind.allCases { #expect(steps.count { $0.kind == kind } > 20) }
      #expect(try audit.differences(from: steps) == [])
    }

    /// Negative control: the append is taken out.
    @Test func withoutTheAppendEveryStepIsMissing() throws {
      let steps = try CommitFunction(site).replacing(
        [("IF v_records AND (v_has_grants OR v_has_sales OR v_has_changes) THEN", "IF false THEN")]
      ) { try run() }
      let differences = try audit.differences(from: steps)
      #expect(
        differences.count { $0.hasSuffix("answered with 200, and not in the history") }
          == steps.count)
      #expect(differences.contains { $0.hasSuffix("held, and not in the history") })
      #expect(differences.contains { $0.hasSuffix("sold, and not in the history") })
    }

    /// Negative control: the rows do not outlive a crash, as those of a commit must.
    @Test func rowsThatACrashLosesAreMissed() throws {
      let database = try site.database()
      let days = try database.column(
        "SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'holdfast_history'::regclass")
      for day in days { try database.run("ALTER TABLE \(day) SET UNLOGGED") }
      defer { for day in days { _ = try? site.database().run("ALTER TABLE \(day) SET LOGGED") } }
      let steps = try run { try killPostgreSQL() }
      let differences = try audit.differences(from: steps)
      #expect(differences.contains { $0.hasSuffix("answered with 200, and not in the history") })
      #expect(differences.contains { $0.hasSuffix("held, and not in the history") })
    }

    /// Negative control: rows of what was not done.
    @Test func rowsThatAreNotTrueAreFound() throws {
      let steps = try run()
      #expect(try audit.differences(from: steps) == [])
      try site.database().run(
        """
        INSERT INTO holdfast_history (at, until, kind, ticket_id, request)
        VALUES (clock_timestamp(), now() + interval '1 h', 'h', 'H-20000', 'nobody')
        """)
      #expect(
        try audit.differences(from: steps).sorted() == [
          "H-20000: in the history as held, and not so in the tables",
          "nobody: in the history for H-20000 (h), and not asked for",
        ])
    }
  }
}
