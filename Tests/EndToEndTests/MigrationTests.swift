import Testing

extension EndToEnd {
  /// `holdfast migrate`: creates, adopts, refuses with a clear word, and can be repeated.
  @Suite("Migrations")
  struct MigrationTests {
    private let site: Site

    init() throws { site = try .shared() }

    private func migrate(_ name: String) throws -> Command {
      try site.holdfast("migrate", database: name)
    }

    /// Every column, index and row of the public schema, to see that nothing has changed.
    private func fingerprint(_ database: Database) throws -> Database.Rows {
      try database.run(
        """
        SELECT table_name, column_name, data_type FROM information_schema.columns
         WHERE table_schema = 'public' AND table_name LIKE 'tickets%' ORDER BY 1, 2;
        SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename LIKE 'tickets%'
         ORDER BY 1;
        """)
    }

    @Test func aSecondMigrationChangesNothing() throws {
      try site.withEmptyDatabase { name in
        let first = try migrate(name)
        #expect(first.exitCode == 0)
        #expect(first.output.hasPrefix("create table tickets\n"))
        let database = try site.database(name)
        let before = try fingerprint(database)
        let second = try migrate(name)
        #expect(second.exitCode == 0)
        #expect(second.output.hasSuffix("\nnothing to do\n"))
        #expect(try fingerprint(database) == before)
        let columns = try database.run(
          """
          SELECT table_name, string_agg(column_name || ' ' || udt_name, ', ' ORDER BY ordinal_position)
            FROM information_schema.columns
           WHERE table_name IN ('tickets', 'tickets_blocked') GROUP BY 1 ORDER BY 1
          """)
        #expect(
          columns == [
            [
              "tickets",
              "ticket_id text, event_id text, event_name text, zone text, color text, seat_id text, "
                + "seat_row text, status bool, date_start timestamptz, date_end timestamptz, "
                + "date_created timestamptz, date_updated timestamptz",
            ],
            [
              "tickets_blocked",
              "ticket_id text, locked_up timestamptz, date_created timestamptz, hold_key bytea, "
                + "shopper_key bytea, choice_key bytea",
            ],
          ])
      }
    }

    @Test func migrationsAtOnceMakeEachThingOnce() throws {
      try site.withEmptyDatabase { name in
        let site = site
        let outputs = Locked<[String]>([])
        try Parallel.run(4) { _ in
          let command = try site.holdfast("migrate", database: name)
          outputs.withLock { $0.append(command.exitCode == 0 ? command.output : "failed") }
        }
        let told = outputs.withLock { $0 }
        #expect(!told.contains("failed"))
        // Each change was made by exactly one of them.
        let created = told.flatMap { $0.split(separator: "\n") }.filter { $0.hasPrefix("create ") }
        #expect(created.count == 7 && Set(created).count == 7)
      }
    }

    @Test func existingTablesAreAdopted() throws {
      try site.withEmptyDatabase { name in
        let database = try site.database(name)
        try database.run(
          """
          CREATE TABLE tickets (id serial PRIMARY KEY, ticket_id varchar(80) UNIQUE NOT NULL,
                                price numeric, status boolean NOT NULL DEFAULT true);
          INSERT INTO tickets (ticket_id) SELECT 'M-' || n FROM generate_series(1, 5) n;
          CREATE TABLE tickets_blocked (id serial, ticket_id varchar(80), locked_up timestamptz,
                                        date_created timestamptz DEFAULT now());
          INSERT INTO tickets_blocked (ticket_id, locked_up) VALUES
            ('M-1', now() + interval '1 h'), ('M-1', now() + interval '2 h'),
            ('M-1', now() - interval '1 h'), ('M-2', now() + interval '1 h'), ('M-3', NULL),
            ('M-3', now() - interval '1 h'), (NULL, now());
          """)
        let adoption = try migrate(name)
        #expect(adoption.exitCode == 0, "\(adoption.output)")
        #expect(
          try database.column(
            """
            SELECT ticket_id || ' ' || round(extract(epoch FROM locked_up - now()) / 3600)
              FROM tickets_blocked ORDER BY 1
            """) == ["M-1 2", "M-2 1", "M-3 -1"])
        #expect(throws: Database.ServerError.self) {
          try database.run(
            "INSERT INTO tickets_blocked (ticket_id, locked_up) VALUES ('M-1', now())")
        }
        // What else was in the tables is left alone, and the service works on them.
        #expect(try database.count("SELECT count(*) FROM tickets WHERE price IS NULL") == 5)
        let service = try ServiceProcess(on: site, database: name)
        try service.waitUntilReady()
        let peer = try service.peer()
        #expect(try peer.lock(["M-1", "M-3", "M-2"]).body == Answer.refused(["M-1", "M-2"]))
        #expect(try peer.lock(["M-3", "M-4"], holdID: "0123456789abcdef").status == 200)
        #expect(try migrate(name).output.hasSuffix("\nnothing to do\n"))
      }
    }

    @Test(arguments: [
      (
        "CREATE TABLE tickets (ticket_id text, status boolean)",
        "tickets.ticket_id: expected a unique index on this column alone, found none"
      ),
      (
        "CREATE TABLE tickets (ticket_id text, zone text, status boolean, UNIQUE (ticket_id, zone))",
        "tickets.ticket_id: expected a unique index on this column alone, found none"
      ),
      (
        "CREATE TABLE tickets (ticket_id int PRIMARY KEY, status boolean)",
        "tickets.ticket_id: expected type text or character varying, found int4"
      ),
      (
        "CREATE TABLE tickets (ticket_id text PRIMARY KEY, status text)",
        "tickets.status: expected type boolean, found text"
      ),
      (
        "CREATE TABLE tickets (ticket_id text PRIMARY KEY)",
        "tickets.status: expected a column of type boolean, found none"
      ),
      (
        "CREATE TABLE tickets_blocked (ticket_id text, locked_up timestamp, date_created timestamptz)",
        "tickets_blocked.locked_up: expected type timestamp with time zone, found timestamp"
      ),
      (
        "CREATE TABLE tickets_blocked (ticket_id text, locked_up timestamptz)",
        "tickets_blocked.date_created: expected a column of type timestamp with time zone, found none"
      ),
      (
        "CREATE TABLE tickets_blocked (ticket_id bytea, locked_up timestamptz, date_created timestamptz)",
        "tickets_blocked.ticket_id: expected type text or character varying, found bytea"
      ),
    ])
    func wrongTablesAreRefusedAndLeftAlone(table: String, message: String) throws {
      try site.withEmptyDatabase { name in
        let database = try site.database(name)
        try database.run(table)
        let of = table.contains("tickets_blocked") ? "tickets_blocked" : "tickets"
        try database.run("CREATE TABLE copy AS TABLE \(of)")
        let columns = """
          SELECT column_name, data_type FROM information_schema.columns
           WHERE table_name = '\(of)' ORDER BY 1
          """
        let before = try database.run(columns)
        let refusal = try migrate(name)
        #expect(refusal.exitCode != 0)
        #expect(refusal.output.contains(message), "\(refusal.output)")
        #expect(try database.run(columns) == before)
        #expect(
          try database.count(
            "SELECT count(*) FROM pg_indexes WHERE tablename = '\(of)' AND indexname LIKE '%holdfast%'"
          ) == 0)
        // Mended, it goes on from where it was.
        try database.run("DROP TABLE \(of)")
        #expect(try migrate(name).exitCode == 0)
      }
    }

    @Test func aSweepWithoutTablesNamesTheMigration() throws {
      try site.withEmptyDatabase { name in
        let sweep = try site.holdfast("sweep", database: name)
        #expect(sweep.exitCode == 1)
        #expect(sweep.output.contains("has `holdfast migrate` been run here?"))
        #expect(try migrate(name).exitCode == 0)
        #expect(try site.holdfast("sweep", database: name).output == "deleted 0 expired holds\n")
      }
    }

    @Test func noDatabaseIsAClearError() throws {
      let command = try site.holdfast("migrate", database: "nowhere")
      #expect(command.exitCode != 0)
      #expect(command.output.contains("\"nowhere\" does not exist"))
    }
  }
}
