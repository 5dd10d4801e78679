import Postgres
import TestSupport
import Testing
import Threads

@testable import HoldStore

extension ServerSuites {
  /// What `holdfast doctor` says of the holds.
  @Suite struct DoctorTests {
    private let database: Database

    init() throws {
      database = try Database(selling: ["a", "b", "c", "d"])
    }

    private func findings(
      _ check: String = "holds", configure: (inout Doctor) -> Void = { _ in }
    ) -> [Finding] {
      var doctor = Doctor(settings: .patient(database.conninfo)) { 0 }
      configure(&doctor)
      let found = Monitor<[Finding]>([])
      doctor.examine(deadline: Database.patience) { finding in
        found.withLock { $0.append(finding) }
      }
      return found.withLock { $0 }.filter { $0.check == check }
    }

    /// An instance has its pool's connections, and those of seat maps and lists.
    @Test func allConnectionsOfTheInstancesAreCounted() throws {
      let found = findings("connections") { doctor in
        doctor.settings.pool.connections = 5
        doctor.seatMaps.readers = 3
        doctor.instances = 2
      }
      #expect(found.count == 1)
      #expect(found[0].message.hasSuffix(", 18 wanted by 2 instance(s) of 9"), "\(found)")
      let many = findings("connections") { $0.instances = 1000 }
      #expect(many.map(\.level) == [.problem])
    }

    /// Sessions of the service are its own; these are others of the same role, in the same database.
    @Test func theLimitsOfTheRoleAndOfTheDatabaseCount() throws {
      let name = "r" + String(UInt64.random(in: 0 ... .max), radix: 36)
      try database.run("CREATE ROLE \(name) LOGIN CONNECTION LIMIT 12")
      defer { try? database.run("DROP ROLE \(name)") }
      func found() -> [Finding] { findings("connections") { $0.role = name } }
      #expect(found().map(\.level) == [.ok])
      #expect(
        found()[0].message.hasPrefix("12 for the role (its CONNECTION LIMIT), 0 taken by others"))
      let other = try PostgresConnection(
        conninfo: database.conninfo + " application_name=shop user=\(name)",
        deadline: Database.patience)
      try database.run("ALTER ROLE \(name) CONNECTION LIMIT 8")
      #expect(
        found().map(\.message)
          == [
            "8 for the role (its CONNECTION LIMIT), 1 taken by others, "
              + "8 wanted by 1 instance(s) of 8"
          ])
      #expect(found().first?.advice?.hasPrefix("raise the CONNECTION LIMIT of the role") == true)
      let catalog = try database.texts("SELECT current_database()::text")[0]
      try database.run("ALTER DATABASE \(catalog) CONNECTION LIMIT 7")
      #expect(found().first?.message.hasPrefix("7 for the database") == true, "\(found())")
      #expect(found().map(\.level) == [.problem])
      withExtendedLifetime(other) {}
      // Neither holds for a superuser.
      #expect(findings("connections").first?.message.contains("max_connections") == true)
    }

    /// Without them each hold of a shopper's reads the whole table.
    @Test func indexesForALimitAreMissedWhereThereIsOne() throws {
      #expect(findings("schema").map(\.level) == [.ok])
      let found = findings("schema") { $0.settings.heldTicketLimit = 10 }
      #expect(found.contains { $0.message.contains("(shopper_key), concurrently") }, "\(found)")
      #expect(found.allSatisfy { $0.advice == "run `holdfast migrate --limits`" })
      try database.migrate { $0.indexesLimits = true }
      #expect(findings("schema") { $0.settings.heldTicketLimit = 10 }.map(\.level) == [.ok])
    }

    @Test func anIndexThatIsBeingBuiltIsNotOneWhoseBuildFailed() throws {
      let reader = try Database(beside: database)
      try reader.run("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM tickets")
      let builder = try Database(beside: database)
      let build = Background {
        try builder.run("CREATE INDEX CONCURRENTLY slow ON tickets_blocked (date_created)")
      }
      try waitUntil("the index is there, and is not valid") {
        try database.bool("EXISTS (SELECT FROM pg_index WHERE NOT indisvalid)")
      }
      #expect(findings("indexes") == [])
      try database.run(
        """
        SELECT pg_cancel_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND query LIKE 'CREATE INDEX CONCURRENTLY%'
           AND pid <> pg_backend_pid()
        """)
      #expect(throws: PostgresError.self) { try build.value() }
      #expect(findings("indexes").map(\.level) == [.problem])
      try reader.run("COMMIT")
    }

    /// As after days in which no service ran.
    @Test func missingDaysAreMadeByAMigration() throws {
      func found() -> [Finding] { findings("history") { $0.settings.historyDays = 30 } }
      #expect(found() == [])
      let days = try database.texts(
        """
        SELECT relname::text FROM pg_class WHERE relname ~ '^holdfast_history_[0-9]{8}$' ORDER BY 1
        """)
      #expect(days.count == 3)
      try database.run(days.map { "DROP TABLE \($0);" }.joined())
      #expect(found().map(\.level) == [.warning])
      // The first day has rows already, which stay where they are.
      #expect(try database.outcomes(.lock("a")) == ["granted"])
      try database.run(
        "INSERT INTO holdfast_history (at, kind, ticket_id) VALUES (now(), 'h', 'a')")
      let made = days.dropFirst().map { String($0.suffix(8)) }.joined(separator: ", ")
      let plan = try database.migrate { $0.isDryRun = true }
      #expect(plan.contains("would make the history's days \(made)"))
      #expect(try database.migrate().contains("make the history's days \(made)"))
      #expect(found().first?.message.hasPrefix("no partition for \(days[0].suffix(8)):") == true)
      #expect(try !database.migrate().contains { $0.contains("days") })
    }

    /// What is found after all tickets of a big event were sold, half a page of which was free or not.
    private func sell(fillfactor: Int) throws -> [Finding] {
      try database.run(
        """
        TRUNCATE tickets;
        SELECT pg_stat_reset_single_table_counters('tickets'::regclass);
        ALTER TABLE tickets SET (fillfactor = \(fillfactor));
        INSERT INTO tickets (ticket_id) SELECT n FROM generate_series(1, 10001) n;
        """)
      try database.run("UPDATE tickets SET status = false")
      try database.run("SELECT pg_stat_force_next_flush()")
      return findings("tickets")
    }

    @Test func salesThatChangeEveryIndexAreSeen() throws {
      #expect(try sell(fillfactor: 50) == [])
      let found = try sell(fillfactor: 100)
      #expect(found.map(\.level) == [.warning])
      #expect(
        found.first?.message
          == "10001 of 10001 updates, such as sales, had to change its indexes too",
        "\(found)")
    }

    private func add(_ ticketID: String, made: Int, until: Int) throws {
      try database.run(
        """
        INSERT INTO tickets_blocked (ticket_id, date_created, locked_up)
        VALUES ('\(ticketID)', now() + interval '\(made) s', now() + interval '\(until) s')
        """)
    }

    /// The control: holds as the service makes them are none.
    @Test func holdsOfTheServiceAreAsTheyShouldBe() throws {
      #expect(
        try database.outcomes(.lock("a"), .lock("b", seconds: 7200)) == ["granted", "granted"])
      try add("c", made: -900, until: -300)
      #expect(findings() == [.ok("holds", "2 live, 0 left to sweep")])
    }

    @Test func aClockThatWasSetBackIsSeen() throws {
      #expect(try database.outcomes(.lock("a")) == ["granted"])
      // Set back by an hour under a hold of ten minutes, and by a day under another.
      try add("b", made: 3600, until: 4200)
      try add("c", made: 86_400, until: 87_000)
      let found = findings()
      #expect(found.count == 2 && found.allSatisfy { $0.level == .warning }, "\(found)")
      #expect(found[0].message.hasPrefix("1 row(s) made in the future would last longer"))
      #expect(found[0].message.hasSuffix("(c)"))
      #expect(found[1].message.hasPrefix("1 live hold(s) were made in the future, up to 3600 s"))
      #expect(found[1].message.hasSuffix("(b)"))
      // As the commit sees them, and as the advice mends it.
      #expect(try database.outcomes(.lock("b"), .lock("c")) == ["refused b held", "granted"])
      #expect(findings().map(\.message) == [found[1].message])
      try database.run("DELETE FROM tickets_blocked WHERE ticket_id = 'b'")
      #expect(findings() == [.ok("holds", "2 live, 0 left to sweep")])
    }

    @Test func holdsPastTheCapAreSeen() throws {
      for (number, ticketID) in ["a", "b", "c", "d", "e", "f"].enumerated() {
        try add(ticketID, made: -60, until: 10_000 + number)
      }
      try add("g", made: -60, until: 7000)
      let found = findings()
      #expect(found.count == 1 && found[0].level == .warning, "\(found)")
      #expect(
        found[0].message.hasPrefix(
          "6 hold(s) last longer than HOLDFAST_MAX_RESERVED_TIME allows (7200 s)"))
      // The longest are named first.
      #expect(found[0].message.hasSuffix("(f, e, d, c, b)"))
    }
  }
}
