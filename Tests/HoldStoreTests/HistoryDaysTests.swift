import Postgres
import TestSupport
import Testing

@testable import HoldStore

extension ServerSuites {
  /// The history's days, as a migration makes them: no commit needs them.
  @Suite struct HistoryDaysTests {
    private let database: Database
    private let days = """
      count(*) FROM pg_inherits WHERE inhparent = 'holdfast_history'::regclass
      """

    init() throws {
      database = try Database()
    }

    private func dropTomorrow() throws {
      try database.run(
        """
        DO $$
        BEGIN
          EXECUTE 'DROP TABLE holdfast_history_'
            || to_char(now() AT TIME ZONE 'UTC' + interval '1 day', 'YYYYMMDD');
        END $$
        """)
    }

    private func withRole(_ body: (String) throws -> Void) throws {
      let role = "r" + String(UInt64.random(in: 0 ... .max), radix: 36)
      try database.run("CREATE ROLE \(role)")
      defer { try? database.run("RESET ROLE; DROP OWNED BY \(role); DROP ROLE \(role)") }
      try body(role)
    }

    /// As `pg_dump` does, for as long as it runs.
    @Test func whoeverReadsTheRestKeepsNoMigrationFromItsEnd() throws {
      try dropTomorrow()
      let before = try database.integer("SELECT \(days)")
      let reader = try Database(beside: database)
      try reader.run("BEGIN; SELECT count(*) FROM holdfast_history_rest")
      try withRole { role in
        let lines = try database.migrate { $0.grantee = role }
        #expect(lines.contains { $0.hasPrefix("grant \(role)") }, "\(lines)")
        #expect(lines.last?.hasPrefix("warning: the history's days 2") == true, "\(lines)")
        #expect(try database.integer("SELECT \(days)") == before)
        try reader.run("ROLLBACK")
        #expect(try database.migrate().last?.hasPrefix("make the history's days 2") == true)
        #expect(try database.integer("SELECT \(days)") == before + 1)
      }
    }

    @Test func aRoleWithoutRightsMayAskWhatAMigrationWouldDo() throws {
      try dropTomorrow()
      try withRole { role in
        try database.run("SET ROLE \(role)")
        let lines = try database.migrate { $0.isDryRun = true }
        #expect(lines.contains { $0.hasPrefix("found table ") })
        #expect(lines.last?.hasPrefix("warning: the history's days: ") == true, "\(lines)")
        #expect(lines.last?.contains("permission denied") == true, "\(lines)")
      }
    }
  }
}
