import Postgres
import TestSupport
import Testing
import Threads

@testable import HoldStore

extension ServerSuites {
  /// The schema on an empty database, and on one that has tables already.
  @Suite struct MigratorTests {
    @discardableResult
    private func migrate(
      _ database: Database, _ change: (inout Migrator.Options) -> Void = { _ in }
    ) throws(PostgresError) -> [String] {
      var options = Migrator.Options()
      change(&options)
      let lines = Monitor<[String]>([])
      try Migrator(database.connection, options: options, deadline: Database.patience)
        .migrate { line in lines.withLock { $0.append(line) } }
      return lines.withLock { $0 }
    }

    private static let first = [
      "create table tickets", "create table tickets_blocked", "create table holdfast_commits",
    ]

    /// Everything that a migration could change.
    private func fingerprint(_ database: Database) throws -> [String] {
      try database.texts(
        """
        SELECT 'relation ' || c.oid || c.relname || coalesce(c.reloptions::text, '')
          FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace
        UNION ALL SELECT 'column ' || attrelid || attname || atttypid FROM pg_attribute
         WHERE attrelid >= 16384 AND attnum > 0
        UNION ALL SELECT 'function ' || oid || coalesce(obj_description(oid), '') FROM pg_proc
         WHERE proname LIKE 'holdfast%' ORDER BY 1
        """)
    }

    @Test func anEmptyDatabaseGetsEverythingOnce() throws {
      let database = try Database(migrated: false)
      let before = try fingerprint(database)
      let wouldDo = try migrate(database) { $0.isDryRun = true }
      #expect(wouldDo.starts(with: Self.first.map { "would " + $0 }))
      #expect(try fingerprint(database) == before)
      #expect(try migrate(database).starts(with: Self.first))
      let after = try fingerprint(database)
      let again = try migrate(database)
      #expect(again.allSatisfy { $0.hasPrefix("found table ") }, "\(again)")
      #expect(try fingerprint(database) == after)
      try database.sell(["a"])
      #expect(try database.outcomes(.lock("a")) == ["granted"])
    }

    @Test func twoAtOnceMakeEachChangeOnce() throws {
      for _ in 0..<5 {
        let first = try Database(migrated: false)
        let second = try Database(beside: first)
        let results = Monitor<[Result<[String], PostgresError>]>([])
        let threads = [first, second].map { database in
          WorkerThread {
            let result = Result { () throws(PostgresError) in try migrate(database) }
            results.withLock { $0.append(result) }
          }
        }
        for thread in threads { thread.join() }
        let lines = try results.withLock { try $0.flatMap { try $0.get() } }
        let created = lines.filter { $0.hasPrefix("create ") }
        #expect(Set(created).count == created.count && created.count == 7, "\(lines)")
      }
    }

    @Test func existingTablesAreAdopted() throws {
      let database = try Database(migrated: false)
      try database.run(
        """
        CREATE TABLE tickets (id serial PRIMARY KEY, ticket_id varchar(64) UNIQUE,
          status boolean, price numeric);
        INSERT INTO tickets (ticket_id, status, price)
          VALUES ('a', true, 1), ('b', false, 2), ('n', NULL, 3);
        CREATE TABLE tickets_blocked (id serial PRIMARY KEY, ticket_id varchar(64) UNIQUE,
          locked_up timestamptz, date_created timestamptz)
          WITH (autovacuum_vacuum_threshold = 77);
        INSERT INTO tickets_blocked (ticket_id, locked_up, date_created)
          VALUES ('b', now() + interval '1 hour', now());
        CREATE TABLE notes (ticket_id varchar(64)
          REFERENCES tickets_blocked (ticket_id) ON DELETE CASCADE);
        """)
      let lines = try migrate(database)
      #expect(lines.contains("found table public.tickets"))
      #expect(lines.contains { $0.hasPrefix("warning: a release deletes rows of notes") })
      #expect(try database.integer("SELECT sum(price) FROM tickets") == 6)
      #expect(try database.holds().keys.sorted() == ["b"])
      // What the owner has set stays; a ticket whose status is not true is not for sale.
      #expect(
        try database.bool(
          "'autovacuum_vacuum_threshold=77' = ANY (reloptions) FROM pg_class"
            + " WHERE oid = 'tickets_blocked'::regclass"))
      #expect(
        try database.outcomes(.lock("a", as: "cart"), .lock("b"), .lock("c"), .lock("n"))
          == ["granted", "refused b sold", "refused c unknown", "refused n sold"])
    }

    @Test func ticketsThatAreWithheldFromOnlineSaleAreRefused() throws {
      let database = try Database()
      try database.sell(["a", "b"])
      #expect(try database.outcomes(.lock("a")) == ["granted"])
      try database.run(
        "ALTER TABLE tickets ADD status_offline boolean; UPDATE tickets SET status_offline = true")
      // The function learns of the column when it is made again.
      #expect(try migrate(database).contains("replace function holdfast_commit"))
      #expect(
        try database.outcomes(.lock("a"), .lock("b"))
          == ["refused a withheld", "refused b withheld"])
      try database.run("UPDATE tickets SET status_offline = NULL")
      #expect(try database.outcomes(.lock("b")) == ["granted"])
    }

    @Test func ofDuplicateHoldsTheLatestStays() throws {
      let database = try Database(migrated: false)
      try database.run(
        """
        CREATE TABLE tickets_blocked (ticket_id text, locked_up timestamptz,
          date_created timestamptz);
        INSERT INTO tickets_blocked VALUES
          ('a', '2030-01-01', '2020-01-01'), ('a', '2040-01-01', '2020-01-02'),
          ('a', NULL, '2020-01-03'), ('b', '2030-01-01', '2020-01-01'),
          (NULL, '2050-01-01', '2020-01-01'), ('c', '2030-01-01', '2020-01-01'),
          ('c', '2030-01-01', '2020-01-01');
        """)
      let lines = try migrate(database)
      #expect(lines.contains { $0.hasPrefix("deleted 4 rows of tickets_blocked") })
      #expect(
        try database.texts(
          "SELECT ticket_id || ' ' || to_char(locked_up, 'YYYY') FROM tickets_blocked ORDER BY 1")
          == ["a 2040", "b 2030", "c 2030"])
      try database.sell(["a", "d"])
      #expect(try database.outcomes(.lock("a"), .lock("d")) == ["refused a held", "granted"])
    }

    /// Version 0.1.0: its columns, and what its instances call.
    private static let version010 = """
      CREATE TABLE tickets (ticket_id text PRIMARY KEY, status boolean NOT NULL DEFAULT true);
      CREATE TABLE tickets_blocked (ticket_id text PRIMARY KEY, locked_up timestamptz NOT NULL,
        date_created timestamptz NOT NULL DEFAULT now(), hold_key bytea);
      INSERT INTO tickets VALUES ('a'), ('b');
      INSERT INTO tickets_blocked (ticket_id, locked_up, hold_key) VALUES
        ('a', now() + interval '60 s', sha256('cart'));
      CREATE FUNCTION holdfast_commit(
        p_tickets text[], p_wants int[], p_hold_ids text[],
        p_locks int[], p_owners int[], p_seconds float8[], p_ends int[], p_members int[],
        p_longest float8, p_strict boolean,
        OUT outcomes int[], OUT expiries bigint[], OUT reasons int[], OUT waits bigint[],
        OUT decided_at bigint)
      LANGUAGE plpgsql AS $$ BEGIN outcomes := '{9}'; END $$;
      """

    @Test func instancesOfTheVersionBeforeGoOnWorking() throws {
      let database = try Database(migrated: false)
      try database.run(Self.version010)
      let lines = try migrate(database)
      #expect(lines.contains("add columns public.tickets_blocked.shopper_key, choice_key"))
      #expect(
        lines.contains("create an index on public.tickets_blocked (choice_key), concurrently"))
      #expect(lines.contains("create function holdfast_commit"))
      #expect(
        try migrate(database).allSatisfy {
          $0.hasPrefix("found table ") || $0.contains("has no column event_id")
        })
      #expect(
        try migrate(database) { $0.indexesLimits = true }.filter { $0.hasPrefix("create ") } == [
          "create an index on public.tickets_blocked (hold_key), concurrently",
          "create an index on public.tickets_blocked (shopper_key), concurrently",
        ])
      // As such an instance calls it: b is locked, a is held.
      let call = """
        SELECT outcomes::text FROM holdfast_commit(
          '{a,b}', '{1,1}', '{}', '{1,1}', '{0,0}', '{60,60}', '{1,2}', '{1,2}', 7200, false)
        """
      #expect(try database.texts(call) == ["{0,1}"])
      #expect(
        try database.outcomes(.lock("b"), .confirm("a", order: "1", as: "cart"))
          == ["refused b held", "sold"])
    }

    /// A version before 0.1.0 kept the hold ids themselves.
    @Test func holdIDsOfAnEarlierVersionAreHashed() throws {
      let database = try Database(migrated: false)
      try database.run(
        """
        CREATE TABLE holdfast_migrations (number int PRIMARY KEY);
        CREATE TABLE tickets_blocked (ticket_id text PRIMARY KEY, locked_up timestamptz NOT NULL,
          date_created timestamptz NOT NULL DEFAULT now(), hold_id text);
        INSERT INTO tickets_blocked (ticket_id, locked_up, hold_id) VALUES
          ('a', now() + interval '60 s', 'cart'), ('b', now() + interval '60 s', NULL);
        CREATE FUNCTION holdfast_commit(text[], int[], text[], int[], int[], float8[], int[], int[],
          float8) RETURNS int LANGUAGE sql AS 'SELECT 1';
        """)
      try migrate(database)
      #expect(
        try database.integer("SELECT count(*) FROM pg_proc WHERE proname = 'holdfast_commit'") == 1)
      #expect(
        try database.bool("NOT (tickets_blocked::text LIKE '%cart%') FROM tickets_blocked LIMIT 1"))
      try database.sell(["a", "b"])
      #expect(
        try database.outcomes(.lock("a", as: "other"), .lock("a", as: "cart"), .release("b"))
          == ["refused a held", "granted", "released"])
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
      let lines = try migrate(database)
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
      let error = #expect(throws: PostgresError.self) { try migrate(database) }
      #expect(error?.message.contains("there is shop.tickets") == true)
      #expect(try database.bool("to_regclass('tickets') IS NULL"))
      #expect(try migrate(database) { $0.createsTables = true }.starts(with: Self.first))
    }

    /// A table that cannot be adopted: its statement, and what the error must name.
    private static let unsuitable = [
      ("TABLE tickets (ticket_id int PRIMARY KEY, status boolean)", "tickets.ticket_id"),
      ("TABLE tickets (ticket_id text PRIMARY KEY, status int)", "tickets.status"),
      ("TABLE tickets (ticket_id text PRIMARY KEY)", "tickets.status"),
      ("TABLE tickets (ticket_id text, status boolean)", "tickets.ticket_id"),
      (
        "TABLE tickets (ticket_id text, status boolean, UNIQUE (ticket_id, status))",
        "tickets.ticket_id"
      ),
      ("VIEW tickets AS SELECT 'a'::text AS ticket_id, true AS status", "tickets"),
      (
        "TABLE tickets_blocked (ticket_id text PRIMARY KEY, locked_up timestamp,"
          + " date_created timestamptz)", "tickets_blocked.locked_up"
      ),
      (
        "TABLE tickets_blocked (ticket_id uuid PRIMARY KEY, locked_up timestamptz,"
          + " date_created timestamptz)", "tickets_blocked.ticket_id"
      ),
      (
        "TABLE tickets_blocked (ticket_id text PRIMARY KEY, locked_up timestamptz)",
        "tickets_blocked.date_created"
      ),
      (
        "TABLE tickets_blocked (ticket_id text PRIMARY KEY, locked_up timestamptz,"
          + " date_created timestamptz, hold_key uuid)", "tickets_blocked.hold_key"
      ),
      (
        "TABLE tickets_blocked (ticket_id text, locked_up timestamptz, date_created timestamptz)"
          + " PARTITION BY HASH (ticket_id)", "tickets_blocked"
      ),
      (
        "VIEW tickets_blocked AS SELECT ''::text AS ticket_id, now() AS locked_up",
        "tickets_blocked"
      ),
    ]

    @Test(arguments: unsuitable.indices)
    func whatCannotBeAdoptedIsNamedAndLeftAsItWas(index: Int) throws {
      let (table, part) = Self.unsuitable[index]
      let database = try Database(migrated: false)
      try database.run("CREATE \(table)")
      let before = try fingerprint(database)
      let error = #expect(throws: PostgresError.self) { try migrate(database) }
      #expect(
        error?.message.hasPrefix("\(part): expected ") == true, "\(String(describing: error))")
      #expect(try fingerprint(database) == before)
    }

    @Test func aUniqueIndexOnSomeOfTheTicketsIsNotEnough() throws {
      let database = try Database(migrated: false)
      try database.run(
        """
        CREATE TABLE tickets (ticket_id text, status boolean);
        CREATE UNIQUE INDEX ON tickets (ticket_id) WHERE status;
        CREATE UNIQUE INDEX ON tickets (lower(ticket_id));
        """)
      let error = #expect(throws: PostgresError.self) { try migrate(database) }
      #expect(error?.message.hasPrefix("tickets.ticket_id: ") == true)
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
      let warning = try migrate(database).first {
        $0.hasPrefix("warning: public.tickets has no index")
      }
      #expect(warning?.contains("--event-index") == true)
      #expect(try eventIndexes(database) == [])
      let lines = try migrate(database) { $0.createsEventIndex = true }
      #expect(lines.contains("create an index on public.tickets (event_id), concurrently"))
      #expect(try eventIndexes(database) == ["tickets_event_id_holdfast"])
      let again = try migrate(database) { $0.createsEventIndex = true }
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
      try migrate(database) { $0.createsEventIndex = true }
      #expect(try eventIndexes(database) == ["tickets_event_id_holdfast"])
    }

    /// Sales go on while the index waits for an old transaction.
    @Test func anEventIndexKeepsNobodyWaiting() throws {
      let database = try Database(migrated: false)
      try database.run(Self.adopted)
      try migrate(database)
      let other = try Database(beside: database)
      try other.run("BEGIN; UPDATE tickets SET status = false WHERE ticket_id = 'T1'")
      let migrating = try Database(beside: database)
      let failure = Monitor<String?>(nil)
      let thread = WorkerThread {
        do {
          try migrate(migrating) { $0.createsEventIndex = true }
        } catch {
          failure.withLock { $0 = "\(error)" }
        }
      }
      try database.waitForBlockedStatement()
      try database.run(
        "SET lock_timeout = '20 s'; UPDATE tickets SET status = false WHERE ticket_id = 'T2'")
      #expect(try database.outcomes(.lock("T3")) == ["granted"])
      #expect(try database.hasBlockedStatement())
      try other.run("COMMIT")
      thread.join()
      #expect(failure.withLock { $0 } == nil)
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
      let failure = Monitor<String?>(nil)
      let thread = WorkerThread {
        do { try migrate(migrating) } catch { failure.withLock { $0 = "\(error)" } }
      }
      try database.waitForBlockedStatement()
      // The table is free as soon as the attempt has timed out, and in between.
      try database.run("SET lock_timeout = '20 s'")
      for _ in 0..<3 {
        try database.run("INSERT INTO tickets_blocked VALUES ('y', now(), now())")
        try database.run("DELETE FROM tickets_blocked WHERE ticket_id = 'y'")
      }
      try other.run("COMMIT")
      thread.join()
      #expect(failure.withLock { $0 } == nil)
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
      try migrate(database)
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
      try migrate(database) {
        $0.grantee = role
        $0.grantsStrictSales = false
      }
      try database.run("SET ROLE \(role)")
      #expect(try state() == "ok" && !check.hasStrictSales)
      #expect(try database.outcomes(.lock("a")) == ["granted"])
      try database.run("RESET ROLE")
      try migrate(database) { $0.grantee = role }
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
