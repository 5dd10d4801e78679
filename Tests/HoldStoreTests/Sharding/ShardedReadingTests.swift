import Holds
import Postgres
import TestSupport
import Testing
import Threads

@testable import HoldStore

extension ServerSuites {
  /// What reads, chooses and sweeps, through PL/Proxy; and the migrations.
  @Suite(.enabled(if: ShardedDatabases.isInstalled, Comment(rawValue: ShardedDatabases.reason)))
  struct ShardedReadingTests {
    private let shards: ShardedDatabases
    private let events: [String]

    init() throws {
      let shards = try ShardedDatabases()
      self.shards = shards
      events = try (0..<2).map { try shards.events(on: $0)[0] }
      for (server, event) in events.enumerated() {
        try shards.servers[server].addVenue(event, rows: 2, seats: 5)
      }
    }

    @Test func theBestTicketsOfAnEventAreChosenOnItsServer() throws {
      // The key of such a ticket is not its event, but all that is about the event goes there.
      try HoldStore.run(shards.settings) { store throws in
        for (server, event) in events.enumerated() {
          let best = HoldOperation.best(3, of: event, as: "cart-of-sixteen-bytes")
          let chosen = try store.outcome(best).chosen
          #expect(chosen == ["2", "3", "4"].map { "\(event)-A-1-\($0)" })
          #expect(try store.outcome(best).chosen == chosen, "a repetition")
          #expect(
            try shards.servers[server].holds().keys.sorted() == chosen?.sorted())
          #expect(try store.outcome(.best(8, of: event)) == .notEnough(free: 7))
        }
      }
    }

    @Test func seatMapsAndListsAreReadOnTheEventsServer() throws {
      try shards.servers[0].run("UPDATE tickets SET status = false WHERE seat_id = '1'")
      var settings = SeatMapSettings()
      settings.conninfo = shards.front.conninfo
      settings.isSharded = true
      settings.answerTimeoutMilliseconds = 25_000
      settings.readTimeoutMilliseconds = 20_000
      let store = SeatMapStore(settings: settings) { _ in }
      defer { store.stop() }
      for (server, event) in events.enumerated() {
        let states = server == 0 ? "1000010000" : "0000000000"
        #expect(try store.text(.availability, of: event).contains("\"states\":\"\(states)\""))
        #expect(try store.text(.layout, of: event).contains("\"ticket_id\":\"\(event)-A-2-5\""))
        for showsSales in [false, true] {
          let list: ReadOutcome<LongBody> = try Answers.value {
            store.tickets(of: EventID(event), showsSales: showsSales, completion: $0)
          }
          guard case .found(let body) = list else { throw Failure("\(list)") }
          let text = String(decoding: body.pieces.joined(), as: UTF8.self)
          #expect(text.components(separatedBy: "ticket_id").count == 11)
        }
      }
      let none: ReadOutcome<SeatMapAnswer> = try Answers.value {
        store.seatMap(.layout, of: EventID("none"), completion: $0)
      }
      guard case .notFound = none else { throw Failure("\(none)") }
    }

    @Test func aSweepCleansAllServers() throws {
      for server in shards.servers {
        try server.run(
          """
          INSERT INTO tickets_blocked VALUES ('expired', now() - interval '1 s');
          INSERT INTO tickets_blocked VALUES ('live', now() + interval '1 hour');
          """)
      }
      try HoldStore.run(shards.settings) { store throws in
        #expect(try store.sweep() == nil)
        #expect(store.snapshot().liveHolds == 2)
      }
      for server in shards.servers { #expect(try server.holds().keys.sorted() == ["live"]) }
    }

    @Test func migrationsAreSafeToRepeat() throws {
      var options = Migrator.Options()
      options.shardKey = ShardKey(ShardedDatabases.rule)
      let server = shards.servers[0].connection
      #expect(try Migrator(server, options: options, deadline: Database.patience).migrate() == 0)
      let front = EngineMigrator(shards.front.connection, deadline: Database.patience)
      #expect(try front.migrate() == 0)
    }

    @Test func aDatabaseWithTicketsIsNoFront() throws {
      let server = shards.servers[0]
      try server.run(
        "CREATE EXTENSION plproxy; CREATE SERVER holdfast FOREIGN DATA WRAPPER plproxy OPTIONS (p0 '')"
      )
      #expect(throws: PostgresError.self) {
        try EngineMigrator(server.connection, deadline: Database.patience).migrate()
      }
    }

    @Test func anEngineThatIsMissingIsSaidToBe() throws {
      let database = try Database(migrated: false)
      #expect(throws: PostgresError.self) {
        try EngineMigrator(database.connection, deadline: Database.patience).migrate()
      }
    }

    @Test func ticketsWhoseEventIsNotTheirKeyAreReported() throws {
      let database = shards.servers[0]
      func warnings() throws -> Int {
        try database.migrate { $0.shardKey = ShardKey("before-first:-") }
          .count { $0.hasPrefix("warning: 1") }
      }
      #expect(try warnings() == 0)
      try database.run("INSERT INTO tickets (ticket_id, event_id) VALUES ('X-1', 'Y')")
      #expect(try warnings() == 1)
    }
  }
}
