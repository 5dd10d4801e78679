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

    @Test func aSecondMigrationChangesNothing() throws {
      try site.withEmptyDatabase { name in
        let first = try migrate(name)
        #expect(first.exitCode == 0)
        #expect(first.output.hasPrefix("create table tickets\n"))
        let second = try migrate(name)
        #expect(second.exitCode == 0)
        #expect(second.output.hasSuffix("\nnothing to do\n"))
        let columns = try site.database(name).run(
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

    @Test func theServiceWorksOnTablesThatWereThere() throws {
      try site.withEmptyDatabase { name in
        try site.database(name).run(
          """
          CREATE TABLE tickets (id serial PRIMARY KEY, ticket_id varchar(80) UNIQUE NOT NULL,
                                price numeric, status boolean NOT NULL DEFAULT true);
          INSERT INTO tickets (ticket_id) SELECT 'M-' || n FROM generate_series(1, 5) n;
          CREATE TABLE tickets_blocked (id serial, ticket_id varchar(80), locked_up timestamptz,
                                        date_created timestamptz DEFAULT now());
          INSERT INTO tickets_blocked (ticket_id, locked_up) VALUES
            ('M-1', now() + interval '1 h'), ('M-2', now() + interval '1 h'),
            ('M-3', now() - interval '1 h');
          """)
        let adoption = try migrate(name)
        #expect(adoption.exitCode == 0, "\(adoption.output)")
        let service = try ServiceProcess(on: site, database: name)
        try service.waitUntilReady()
        let peer = try service.peer()
        #expect(try peer.lock(["M-1", "M-3", "M-2"]).body == Answer.refused(["M-1", "M-2"]))
        #expect(try peer.lock(["M-3", "M-4"], holdID: "0123456789abcdef").status == 200)
        #expect(try migrate(name).output.hasSuffix("\nnothing to do\n"))
      }
    }

    @Test func aWrongTableIsNamed() throws {
      try site.withEmptyDatabase { name in
        let database = try site.database(name)
        try database.run("CREATE TABLE tickets (ticket_id text PRIMARY KEY)")
        let refusal = try migrate(name)
        #expect(refusal.exitCode == 1)
        #expect(
          refusal.output.contains("tickets.status: expected a column of type boolean, found none"))
        // Mended, it goes on from where it was.
        try database.run("DROP TABLE tickets")
        #expect(try migrate(name).exitCode == 0)
      }
    }

    @Test func noDatabaseIsAClearError() throws {
      let command = try site.holdfast("migrate", database: "nowhere")
      #expect(command.exitCode != 0)
      #expect(command.output.contains("\"nowhere\" does not exist"))
    }
  }
}
