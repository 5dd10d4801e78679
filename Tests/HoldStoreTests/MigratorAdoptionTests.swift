import Postgres
import Testing
import Threads

@testable import HoldStore

extension ServerSuites {
  /// The schema on a database that has tables already, of the platform or of an earlier version.
  @Suite struct MigratorAdoptionTests {
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
      let lines = try database.migrate()
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

    /// Two tables can be joined by an index of either only if their ids are compared alike.
    @Test(arguments: [
      (nil, "C"), ("text", "default"), (#"varchar(9) COLLATE "POSIX""#, "POSIX"),
    ])
    func holdsAreComparedAsTheTicketsAre(type: String?, collation: String) throws {
      let database = try Database(migrated: false)
      if let type {
        try database.run("CREATE TABLE tickets (ticket_id \(type) UNIQUE, status boolean)")
      }
      try database.migrate()
      #expect(
        try database.texts(
          """
          SELECT DISTINCT c.collname::text FROM pg_attribute a
            JOIN pg_collation c ON c.oid = a.attcollation
           WHERE a.attname = 'ticket_id'
             AND a.attrelid IN ('tickets'::regclass, 'tickets_blocked'::regclass)
          """) == [collation])
    }

    @Test(arguments: ["boolean", "offline"])
    func ticketsThatAreWithheldFromOnlineSaleAreRefused(type: String) throws {
      let database = try Database(selling: ["a", "b"])
      #expect(try database.outcomes(.lock("a")) == ["granted"])
      try database.run(
        """
        CREATE DOMAIN offline AS boolean;
        ALTER TABLE tickets ADD status_offline \(type);
        UPDATE tickets SET status_offline = true;
        """)
      // The function learns of the column when it is made again.
      #expect(try database.migrate().contains("replace function holdfast_commit"))
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
      let lines = try database.migrate()
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
      let lines = try database.migrate()
      #expect(lines.contains("add columns public.tickets_blocked.shopper_key, choice_key"))
      #expect(
        lines.contains("create an index on public.tickets_blocked (choice_key), concurrently"))
      #expect(lines.contains("create function holdfast_commit"))
      #expect(
        try database.migrate().allSatisfy {
          $0.hasPrefix("found table ") || $0.contains("has no column event_id")
        })
      #expect(
        try database.migrate { $0.indexesLimits = true }.filter { $0.hasPrefix("create ") } == [
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

    /// An upgrade needs no new grants.
    @Test func whoMayWriteHoldsMayDoWhatThisVersionDoesBesides() throws {
      let database = try Database(migrated: false)
      let role = "service" + String(UInt64.random(in: 0 ... .max), radix: 36)
      defer { try? database.run("RESET ROLE; DROP OWNED BY \(role); DROP ROLE \(role)") }
      try database.run(
        """
        \(Self.version010)
        CREATE ROLE \(role);
        GRANT SELECT ON tickets TO \(role);
        GRANT SELECT, INSERT, UPDATE, DELETE ON tickets_blocked TO \(role);
        """)
      try database.migrate()
      try database.run("SET ROLE \(role)")
      let check = DatabaseCheck(strictSales: .auto, onEvent: { _ in })
      #expect("\(try check.run(on: database.connection, deadline: Database.patience))" == "ok")
      let commit = try database.commit([.lock("b")], requestIDs: ["r"])
      #expect(commit.verdicts.map(Database.word) == ["granted"])
      #expect(try database.integer("SELECT count(*) FROM holdfast_history") == 1)
      #expect(try database.integer("SELECT holdfast_history_days(0)") == 0)
      #expect(throws: PostgresError.self) { try database.run("DELETE FROM holdfast_history") }
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
      try database.migrate()
      #expect(
        try database.integer("SELECT count(*) FROM pg_proc WHERE proname = 'holdfast_commit'") == 1)
      #expect(
        try database.bool("NOT (tickets_blocked::text LIKE '%cart%') FROM tickets_blocked LIMIT 1"))
      try database.sell(["a", "b"])
      #expect(
        try database.outcomes(.lock("a", as: "other"), .lock("a", as: "cart"), .release("b"))
          == ["refused a held", "granted", "released"])
    }

    /// A table that cannot be adopted: its statement, and what the error says.
    private static let unsuitable = [
      (
        "TABLE tickets (ticket_id int PRIMARY KEY, status boolean)",
        "tickets.ticket_id: expected type text or character varying, found int4"
      ),
      (
        "TABLE tickets (ticket_id text PRIMARY KEY, status boolean, status_offline int)",
        "tickets.status_offline: expected type boolean, found int4"
      ),
      (
        "COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);"
          + " CREATE TABLE tickets (ticket_id text COLLATE loose PRIMARY KEY, status boolean)",
        "tickets.ticket_id: expected a deterministic collation, found \"loose\""
      ),
      (
        "TABLE tickets (ticket_id text COLLATE \"C\" PRIMARY KEY, status boolean);"
          + " CREATE TABLE tickets_blocked (ticket_id text COLLATE \"POSIX\" PRIMARY KEY,"
          + " locked_up timestamptz, date_created timestamptz)",
        "tickets_blocked.ticket_id: expected the collation of tickets.ticket_id, \"C\","
          + " found \"POSIX\""
      ),
      (
        "TABLE tickets (ticket_id text PRIMARY KEY, status int)",
        "tickets.status: expected type boolean, found int4"
      ),
      (
        "TABLE tickets (ticket_id text PRIMARY KEY)",
        "tickets.status: expected a column of type boolean, found none"
      ),
      (
        "TABLE tickets (ticket_id text, status boolean)",
        "tickets.ticket_id: expected a unique index on this column alone, found none"
      ),
      (
        "TABLE tickets (ticket_id text, status boolean, UNIQUE (ticket_id, status))",
        "tickets.ticket_id: expected a unique index on this column alone, found none"
      ),
      (
        "VIEW tickets AS SELECT 'a'::text AS ticket_id, true AS status",
        "tickets: expected an ordinary table, found a view"
      ),
      (
        "TABLE tickets_blocked (ticket_id text PRIMARY KEY, locked_up timestamp,"
          + " date_created timestamptz)",
        "tickets_blocked.locked_up: expected type timestamp with time zone, found timestamp"
      ),
      (
        "TABLE tickets_blocked (ticket_id uuid PRIMARY KEY, locked_up timestamptz,"
          + " date_created timestamptz)",
        "tickets_blocked.ticket_id: expected type text or character varying, found uuid"
      ),
      (
        "TABLE tickets_blocked (ticket_id text PRIMARY KEY, locked_up timestamptz)",
        "tickets_blocked.date_created: expected a column of type timestamp with time zone, found none"
      ),
      (
        "TABLE tickets_blocked (ticket_id text PRIMARY KEY, locked_up timestamptz,"
          + " date_created timestamptz, hold_key uuid)",
        "tickets_blocked.hold_key: expected type bytea, found uuid"
      ),
      (
        "TABLE tickets_blocked (ticket_id text, locked_up timestamptz, date_created timestamptz)"
          + " PARTITION BY HASH (ticket_id)",
        "tickets_blocked: expected an ordinary table, found a partitioned table"
      ),
      (
        "UNLOGGED TABLE tickets_blocked (ticket_id text PRIMARY KEY, locked_up timestamptz,"
          + " date_created timestamptz)",
        "tickets_blocked: expected a table that a crash and a failover leave as it was, found an "
          + "unlogged or temporary one (ALTER TABLE tickets_blocked SET LOGGED)"
      ),
      (
        "TABLE tickets (ticket_id text PRIMARY KEY, status boolean) PARTITION BY HASH (ticket_id);"
          + " CREATE TABLE even PARTITION OF tickets FOR VALUES WITH (MODULUS 2, REMAINDER 0);"
          + " CREATE TABLE odd PARTITION OF tickets FOR VALUES WITH (MODULUS 2, REMAINDER 1)"
          + " PARTITION BY HASH (ticket_id);"
          + " CREATE UNLOGGED TABLE odds PARTITION OF odd FOR VALUES WITH (MODULUS 1, REMAINDER 0)",
        "tickets: expected a table that a crash and a failover leave as it was, found an "
          + "unlogged or temporary one (ALTER TABLE odds SET LOGGED)"
      ),
      (
        "TABLE tickets_blocked (ticket_id text PRIMARY KEY, locked_up timestamptz,"
          + " date_created timestamptz); CREATE TABLE archive () INHERITS (tickets_blocked)",
        "tickets_blocked: expected a table that no other inherits from, found one with children"
      ),
      (
        "VIEW tickets_blocked AS SELECT ''::text AS ticket_id, now() AS locked_up",
        "tickets_blocked: expected an ordinary table, found a view"
      ),
    ]

    @Test(arguments: unsuitable.indices)
    func whatCannotBeAdoptedIsNamedAndLeftAsItWas(index: Int) throws {
      let (table, message) = Self.unsuitable[index]
      let database = try Database(migrated: false)
      try database.run("CREATE \(table)")
      let before = try database.fingerprint()
      let error = #expect(throws: PostgresError.self) { try database.migrate() }
      #expect(error?.message == message)
      #expect(try database.fingerprint() == before)
    }

    @Test func aDatabaseThatCannotExpressEveryIDIsLeftAsItWas() throws {
      let database = try Database(migrated: false, encoding: "LATIN1")
      let before = try database.fingerprint()
      for isDryRun in [true, false] {
        let error = #expect(throws: PostgresError.self) {
          try database.migrate { $0.isDryRun = isDryRun }
        }
        #expect(error?.message.hasSuffix(": expected the encoding UTF8, found LATIN1") == true)
      }
      #expect(try database.fingerprint() == before)
    }

    @Test func aDatabaseWithoutAnEncodingTakesEveryID() throws {
      let database = try Database(selling: ["é🎟", "e\u{301}🎟"], encoding: "SQL_ASCII")
      #expect(
        try database.outcomes(
          .lock("é🎟", as: "cart"), .lock("e\u{301}🎟"), .lock("🎟"),
          .confirm("é🎟", order: "1", as: "cart"))
          == ["granted", "granted", "refused 🎟 unknown", "sold"])
    }

    @Test func aUniqueIndexOnSomeOfTheTicketsIsNotEnough() throws {
      let database = try Database(migrated: false)
      try database.run(
        """
        CREATE TABLE tickets (ticket_id text, status boolean);
        CREATE UNIQUE INDEX ON tickets (ticket_id) WHERE status;
        CREATE UNIQUE INDEX ON tickets (lower(ticket_id));
        """)
      let error = #expect(throws: PostgresError.self) { try database.migrate() }
      #expect(error?.message.hasPrefix("tickets.ticket_id: ") == true)
    }
  }
}
