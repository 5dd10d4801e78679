import Postgres
import TestSupport
import Testing

@testable import HoldStore

extension ServerSuites {
  /// The schema on an empty database, beside others, and for a role of its own.
  @Suite struct MigratorTests {
    private static let first = [
      "create table tickets", "create table tickets_blocked", "create table holdfast_commits",
    ]

    @Test func anEmptyDatabaseGetsEverythingOnce() throws {
      let database = try Database(migrated: false)
      let before = try database.fingerprint()
      let wouldDo = try database.migrate { $0.isDryRun = true }
      #expect(wouldDo.starts(with: Self.first.map { "would " + $0 }))
      #expect(try database.fingerprint() == before)
      #expect(try database.migrate().starts(with: Self.first))
      let after = try database.fingerprint()
      let again = try database.migrate()
      #expect(again.allSatisfy { $0.hasPrefix("found table ") }, "\(again)")
      #expect(try database.fingerprint() == after)
      #expect(
        try database.texts(
          """
          SELECT table_name || ': '
                 || string_agg(column_name || ' ' || udt_name, ', ' ORDER BY ordinal_position)
            FROM information_schema.columns
           WHERE table_name IN ('tickets', 'tickets_blocked') GROUP BY table_name ORDER BY 1
          """)
          == [
            "tickets: ticket_id text, event_id text, event_name text, zone text, color text, "
              + "seat_id text, seat_row text, status bool, date_start timestamptz, "
              + "date_end timestamptz, date_created timestamptz, date_updated timestamptz",
            "tickets_blocked: ticket_id text, locked_up timestamptz, date_created timestamptz, "
              + "hold_key bytea, shopper_key bytea, choice_key bytea",
          ])
      try database.sell(["a"])
      #expect(try database.outcomes(.lock("a")) == ["granted"])
    }

    @Test func twoAtOnceMakeEachChangeOnce() throws {
      for _ in 0..<5 {
        let first = try Database(migrated: false)
        let second = try Database(beside: first)
        let migrations = [first, second].map { database in Background { try database.migrate() } }
        let lines = try migrations.flatMap { try $0.value() }
        let created = lines.filter { $0.hasPrefix("create ") }
        #expect(Set(created).count == created.count && created.count == 7, "\(lines)")
      }
    }

    @Test func tablesOfAnotherSchemaOfTheSearchPathAreAdopted() throws {
      let database = try Database(migrated: false)
      try database.run(
        """
        CREATE SCHEMA shop; CREATE SCHEMA hf;
        CREATE TABLE shop.tickets (ticket_id text PRIMARY KEY, status boolean);
        INSERT INTO shop.tickets VALUES ('a', true);
        SET search_path = hf, shop;
        """)
      let lines = try database.migrate()
      #expect(lines.starts(with: ["found table shop.tickets", "create table tickets_blocked"]))
      #expect(try database.bool("to_regclass('hf.tickets') IS NULL"))
      #expect(try database.outcomes(.lock("a")) == ["granted"])
      // The function finds its tables whatever the session's search_path is.
      try database.run("CREATE TEMP TABLE tickets (ticket_id text PRIMARY KEY, status boolean)")
      #expect(try database.outcomes(.lock("a")) == ["refused a held"])
    }

    @Test func tablesOutsideTheSearchPathAreNotHidden() throws {
      let database = try Database(migrated: false)
      try database.run(
        "CREATE SCHEMA shop; CREATE TABLE shop.tickets (ticket_id text PRIMARY KEY, status boolean)"
      )
      let error = #expect(throws: PostgresError.self) { try database.migrate() }
      #expect(error?.message.contains("there is shop.tickets") == true)
      #expect(try database.bool("to_regclass('tickets') IS NULL"))
      #expect(try database.migrate { $0.createsTables = true }.starts(with: Self.first))
    }

    private static let adopted = """
      CREATE TABLE tickets (ticket_id text PRIMARY KEY, status boolean, event_id text);
      INSERT INTO tickets SELECT 'T' || n, true, 'E' FROM generate_series(1, 1000) n;
      """

    private func eventIndexes(_ database: Database) throws -> [String] {
      try database.texts(
        """
        SELECT c.relname || CASE WHEN i.indisvalid THEN '' ELSE ' (invalid)' END
          FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
         WHERE i.indrelid = 'tickets'::regclass AND NOT i.indisprimary
        """)
    }

    @Test func anAdoptedTableGetsAnEventIndexOnlyWhenAskedTo() throws {
      let database = try Database(migrated: false)
      try database.run(Self.adopted)
      let warning = try database.migrate().first {
        $0.hasPrefix("warning: public.tickets has no index")
      }
      #expect(warning?.contains("--event-index") == true)
      #expect(try eventIndexes(database) == [])
      let lines = try database.migrate { $0.createsEventIndex = true }
      #expect(lines.contains("create an index on public.tickets (event_id), concurrently"))
      #expect(try eventIndexes(database) == ["tickets_event_id_holdfast"])
      let again = try database.migrate { $0.createsEventIndex = true }
      #expect(again.allSatisfy { $0.hasPrefix("found table ") }, "\(again)")
    }

    /// As a build leaves it that was broken off.
    @Test func anInvalidEventIndexIsMadeAnew() throws {
      let database = try Database(migrated: false)
      try database.run(Self.adopted)
      try database.run("CREATE INDEX tickets_event_id_holdfast ON tickets (event_id)")
      try database.run(
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'tickets_event_id_holdfast'::regclass"
      )
      #expect(try eventIndexes(database) == ["tickets_event_id_holdfast (invalid)"])
      try database.migrate { $0.createsEventIndex = true }
      #expect(try eventIndexes(database) == ["tickets_event_id_holdfast"])
    }

    /// Sales go on while the index waits for an old transaction.
    @Test func anEventIndexKeepsNobodyWaiting() throws {
      let database = try Database(migrated: false)
      try database.run(Self.adopted)
      try database.migrate()
      let other = try Database(beside: database)
      try other.run("BEGIN; UPDATE tickets SET status = false WHERE ticket_id = 'T1'")
      let migrating = try Database(beside: database)
      let migration = Background { try migrating.migrate { $0.createsEventIndex = true } }
      try database.waitForBlockedStatement()
      try database.run(
        "SET lock_timeout = '20 s'; UPDATE tickets SET status = false WHERE ticket_id = 'T2'")
      #expect(try database.outcomes(.lock("T3")) == ["granted"])
      #expect(try database.hasBlockedStatement())
      try other.run("COMMIT")
      _ = try migration.value()
      #expect(try eventIndexes(database) == ["tickets_event_id_holdfast"])
    }

    /// Whoever reads and writes holds goes on while the index is built, and while a step waits.
    @Test func aMigrationKeepsNobodyWaiting() throws {
      let database = try Database(migrated: false)
      try database.run(
        """
        CREATE TABLE tickets_blocked (ticket_id text, locked_up timestamptz,
          date_created timestamptz);
        INSERT INTO tickets_blocked SELECT 'T' || n, now(), now() FROM generate_series(1, 1000) n;
        """)
      let other = try Database(beside: database)
      // An old transaction holds the migration up, first its ALTER TABLE and then its index.
      try other.run("BEGIN; INSERT INTO tickets_blocked VALUES ('x', now(), now())")
      let migrating = try Database(beside: database)
      let migration = Background { try migrating.migrate() }
      try database.waitForBlockedStatement()
      // The table is free as soon as the attempt has timed out, and in between.
      try database.run("SET lock_timeout = '20 s'")
      for _ in 0..<3 {
        try database.run("INSERT INTO tickets_blocked VALUES ('y', now(), now())")
        try database.run("DELETE FROM tickets_blocked WHERE ticket_id = 'y'")
      }
      try other.run("COMMIT")
      _ = try migration.value()
      #expect(
        try database.bool(
          "indisvalid FROM pg_index WHERE indexrelid = 'tickets_blocked_ticket_id_holdfast'::regclass"
        ))
    }

    @Test func aRoleGetsWhatTheServiceNeedsAndNoMore() throws {
      let database = try Database(migrated: false)
      let role = "service" + String(UInt64.random(in: 0 ... .max), radix: 36)
      defer { try? database.run("RESET ROLE; DROP OWNED BY \(role); DROP ROLE \(role)") }
      try database.run(
        """
        CREATE ROLE \(role);
        CREATE SCHEMA shop;
        SET search_path = shop;
        CREATE TABLE tickets (ticket_id text PRIMARY KEY, status boolean);
        INSERT INTO tickets VALUES ('a', true), ('b', true);
        CREATE TABLE tickets_blocked (id serial, ticket_id text PRIMARY KEY,
          locked_up timestamptz, date_created timestamptz);
        """)
      try database.migrate()
      let check = DatabaseCheck(strictSales: .auto, onEvent: { _ in })
      func state() throws -> String {
        check.repeatDryCommit()
        return "\(try check.run(on: database.connection, deadline: Database.patience))"
      }
      try database.run("SET ROLE \(role)")
      #expect(try state().contains("does not exist"))
      try database.run("RESET ROLE; GRANT USAGE ON SCHEMA shop TO \(role); SET ROLE \(role)")
      #expect(try state().contains("permission denied for table") == true)
      try database.run("RESET ROLE")
      try database.migrate {
        $0.grantee = role
        $0.grantsStrictSales = false
      }
      try database.run("SET ROLE \(role)")
      #expect(try state() == "ok" && !check.hasStrictSales)
      #expect(try database.outcomes(.lock("a")) == ["granted"])
      try database.run("RESET ROLE")
      try database.migrate { $0.grantee = role }
      try database.run("SET ROLE \(role)")
      #expect(try state() == "ok" && check.hasStrictSales)
      #expect(throws: PostgresError.self) { try database.run("DELETE FROM tickets") }
      // Nothing is left of the dry commits.
      #expect(try database.integer("SELECT count(*) FROM tickets_blocked") == 1)
      try database.run(
        "RESET ROLE; ALTER TABLE tickets_blocked ADD CHECK (id < 1) NOT VALID; SET ROLE \(role)")
      #expect(try state().contains("violates check constraint"))
      try database.run("RESET ROLE")
    }
  }
}
