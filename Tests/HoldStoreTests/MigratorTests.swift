import Postgres
import TestSupport
import Testing
import Threads

@testable import HoldStore

extension ServerSuites {
  /// The schema on an empty database, and on one that has been there.
  @Suite struct MigratorTests {
    private static let steps = ["1 tables", "2 commit"]

    private func migrate(_ database: Database) throws(PostgresError) -> [String] {
      try Migrator(database.connection, deadline: Database.patience).migrate()
    }

    @Test func anEmptyDatabaseGetsEveryStepOnce() throws {
      let database = try Database(migrated: false)
      let applied = try migrate(database)
      #expect(applied.starts(with: Self.steps))
      #expect(try migrate(database) == [])
      #expect(
        try database.texts(
          "SELECT number || ' ' || name FROM holdfast_migrations ORDER BY number") == applied)
      try database.sell(["a"])
      #expect(try database.outcomes(.lock("a")) == ["granted"])
    }

    @Test func twoAtOnceApplyEachStepOnce() throws {
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
        let applied = try results.withLock { try $0.flatMap { try $0.get() } }
        #expect(applied.sorted() == Migration.all.map { "\($0.number) \($0.name)" }.sorted())
      }
    }

    @Test func tablesThatAreThereAreAdoptedAsTheyAre() throws {
      let database = try Database(migrated: false)
      try database.run(
        """
        CREATE TABLE tickets (id serial PRIMARY KEY, ticket_id varchar(64) UNIQUE,
          status boolean, price numeric);
        INSERT INTO tickets (ticket_id, status, price) VALUES ('a', true, 1), ('b', false, 2);
        CREATE TABLE tickets_blocked (id serial PRIMARY KEY, ticket_id varchar(64) UNIQUE,
          locked_up timestamptz, date_created timestamptz);
        INSERT INTO tickets_blocked (ticket_id, locked_up, date_created)
          VALUES ('b', now() + interval '1 hour', now());
        """)
      #expect(try migrate(database).starts(with: Self.steps))
      #expect(try database.integer("SELECT sum(price) FROM tickets") == 3)
      #expect(try database.holds().keys.sorted() == ["b"])
      #expect(
        try database.outcomes(.lock("a", as: "cart"), .lock("b"), .lock("c"))
          == ["granted", "refused b sold", "refused c unknown"])
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
      _ = try migrate(database)
      #expect(
        try database.texts(
          "SELECT ticket_id || ' ' || to_char(locked_up, 'YYYY') FROM tickets_blocked ORDER BY 1")
          == ["a 2040", "b 2030", "c 2030"])
      try database.sell(["a", "d"])
      #expect(try database.outcomes(.lock("a"), .lock("d")) == ["refused a held", "granted"])
    }

    /// A table that cannot be adopted: its statement, and what the error must name.
    private static let unsuitable = [
      ("tickets (ticket_id int PRIMARY KEY, status boolean)", "tickets.ticket_id"),
      ("tickets (ticket_id text PRIMARY KEY, status int)", "tickets.status"),
      ("tickets (ticket_id text PRIMARY KEY)", "tickets.status"),
      ("tickets (ticket_id text, status boolean)", "tickets.ticket_id"),
      ("tickets (ticket_id text, status boolean, UNIQUE (ticket_id, status))", "tickets.ticket_id"),
      (
        "tickets_blocked (ticket_id text PRIMARY KEY, locked_up timestamp,"
          + " date_created timestamptz)", "tickets_blocked.locked_up"
      ),
      (
        "tickets_blocked (ticket_id uuid PRIMARY KEY, locked_up timestamptz,"
          + " date_created timestamptz)", "tickets_blocked.ticket_id"
      ),
      (
        "tickets_blocked (ticket_id text PRIMARY KEY, locked_up timestamptz)",
        "tickets_blocked.date_created"
      ),
      (
        "tickets_blocked (ticket_id text PRIMARY KEY, locked_up timestamptz,"
          + " date_created timestamptz, hold_id uuid)", "tickets_blocked.hold_id"
      ),
    ]

    @Test(arguments: unsuitable.indices)
    func whatCannotBeAdoptedIsNamedAndLeftAsItWas(index: Int) throws {
      let (table, column) = Self.unsuitable[index]
      let name = table.prefix { $0 != " " }
      let database = try Database(migrated: false)
      try database.run("CREATE TABLE \(table)")
      let shape = """
        SELECT string_agg(attname || ' ' || atttypid::regtype || ' ' || attnum, ',' ORDER BY attnum)
          FROM pg_attribute WHERE attrelid = '\(name)'::regclass
        """
      let before = try database.texts(shape)
      let error = #expect(throws: PostgresError.self) { _ = try migrate(database) }
      #expect(error?.message.hasPrefix("\(column): expected ") == true)
      #expect(try database.texts(shape) == before)
      #expect(try database.bool("to_regproc('holdfast_commit') IS NULL"))
      // The failed step leaves nothing half done: another attempt says the same.
      let again = #expect(throws: PostgresError.self) { _ = try migrate(database) }
      #expect(again == error)
    }

    @Test func whoeverMayWriteHoldsMayRecordCommits() throws {
      let database = try Database(migrated: false)
      let role = "writer" + String(UInt64.random(in: 0 ... .max), radix: 36)
      defer { try? database.run("DROP OWNED BY \(role); DROP ROLE \(role)") }
      try database.run(
        """
        CREATE ROLE \(role);
        CREATE TABLE tickets (ticket_id text PRIMARY KEY, status boolean);
        CREATE TABLE tickets_blocked (
          ticket_id text PRIMARY KEY, locked_up timestamptz, date_created timestamptz);
        GRANT SELECT, INSERT ON tickets_blocked TO \(role);
        """)
      _ = try migrate(database)
      for right in ["SELECT", "INSERT", "UPDATE", "DELETE"] {
        #expect(
          try database.bool("has_table_privilege('\(role)', 'holdfast_commits', '\(right)')"))
      }
      #expect(try !database.bool("has_table_privilege('\(role)', 'tickets', 'SELECT')"))
    }

    @Test func aUniqueIndexOnSomeOfTheTicketsIsNotEnough() throws {
      let database = try Database(migrated: false)
      try database.run(
        """
        CREATE TABLE tickets (ticket_id text, status boolean);
        CREATE UNIQUE INDEX ON tickets (ticket_id) WHERE status;
        CREATE UNIQUE INDEX ON tickets (lower(ticket_id));
        """)
      let error = #expect(throws: PostgresError.self) { _ = try migrate(database) }
      #expect(error?.message.hasPrefix("tickets.ticket_id: ") == true)
      #expect(try database.bool("to_regclass('holdfast_migrations') IS NULL"))
    }
  }
}
