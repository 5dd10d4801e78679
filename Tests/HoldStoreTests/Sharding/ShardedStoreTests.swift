import Holds
import Postgres
import TestSupport
import Testing

@testable import HoldStore

extension ServerSuites {
  /// The store in front of two servers, through PL/Proxy.
  @Suite(.enabled(if: ShardedDatabases.isInstalled, Comment(rawValue: ShardedDatabases.reason)))
  struct ShardedStoreTests {
    private let shards: ShardedDatabases
    private let events: [String]

    init() throws {
      let shards = try ShardedDatabases()
      self.shards = shards
      events = try (0..<2).map { try shards.events(on: $0)[0] }
      for (server, event) in events.enumerated() {
        try shards.sell(60, of: event, on: server)
      }
    }

    @Test func eachOperationIsDoneOnTheServerOfItsKey() throws {
      var settings = shards.settings
      settings.historyDays = 30
      settings.hasConfirms = true
      try HoldStore.run(settings) { store throws in
        for (server, event) in events.enumerated() {
          let (database, a, b) = (shards.servers[server], "\(event)-1", "\(event)-2")
          #expect(try store.outcome(.lock(a, b, as: "cart")).isGranted)
          #expect(try store.outcome(.lock(a, as: "cart")).isGranted, "a renewal")
          #expect(
            try store.outcome(.lock("\(event)-3", b, "\(event)-none"))
              == .refused([
                UnavailableTicket(ticketID: b, reason: .held, availableInSeconds: 600),
                UnavailableTicket(ticketID: "\(event)-none", reason: .unknown),
              ]))
          #expect(try store.outcome(.release(b, as: "cart")) == .released)
          #expect(try store.outcome(.confirm(a, order: "A-1", as: "cart")) == .sold)
          #expect(try store.outcome(.confirm(a, order: "A-1", as: "cart")) == .sold, "a repetition")
          #expect(try store.outcome(.lock(a)).isRefused)
          #expect(try database.holds().isEmpty)
          #expect(try database.integer("SELECT count(*) FROM holdfast_sales") == 1)
          #expect(
            try database.texts("SELECT kind::text FROM holdfast_history ORDER BY at, ticket_id")
              .sorted() == ["h", "h", "r", "s", "x"])
          #expect(try database.integer("SELECT count(*) FROM holdfast_commits") > 0)
        }
      }
    }

    @Test func eachTicketIsGrantedOnceWhateverComesAtOnce() throws {
      var settings = shards.settings
      settings.committers = 4
      settings.pool.connections = 7
      try HoldStore.run(settings) { store throws in
        let answers = Answers()
        try inParallel(4) { [events] thread in
          for round in 0..<120 {
            let ticket = "\(events[round % 2])-\((round / 2 + thread * 7) % 60 + 1)"
            answers.submit(.lock(ticket), as: thread * 1000 + round, to: store)
          }
        }
        let outcomes = try answers.wait(for: 480).values
        #expect(outcomes.filter(\.isGranted).count == 120)
        #expect(outcomes.filter(\.isRefused).count == 360)
        for server in shards.servers {
          #expect(try server.integer("SELECT count(*) FROM tickets_blocked") == 60)
        }
      }
    }

    @Test func operationsOfOneKeyAreDoneInOrderOfArrival() throws {
      try HoldStore.run(shards.settings) { store throws in
        try store.lockAndReleaseInTurns("\(events[0])-1")
      }
    }

    /// One server lets nobody on: the other's events are served, and what the first's callers are told
    /// is true.
    @Test func whileOneServerIsAwayTheOtherServes() throws {
      let settings = shards.settings.with { $0.answerTimeoutMilliseconds = 6000 }
      try HoldStore.run(settings) { store throws in
        for event in events {
          #expect(try store.outcome(.lock("\(event)-1")).isGranted)
        }
        try shards.setAway(true, server: 0)
        let answers = Answers()
        for number in 2...40 {
          answers.submit(.lock("\(events[0])-\(number)"), as: number, to: store)
          #expect(try store.outcome(.lock("\(events[1])-\(number)")).isGranted)
        }
        let outcomes = try answers.wait(for: 39)
        let unknown = outcomes.values.filter { $0 == .failed(.outcomeUnknown) }.count
        let unchanged = outcomes.values.filter { $0 == .failed(.databaseUnreachable) }.count
        #expect(unknown + unchanged == 39)
        #expect(unchanged > 0, "not all were on their way")
        // It is still away, and that is known: nothing is on its way any more.
        #expect(try store.outcome(.lock("\(events[0])-50")) == .failed(.databaseUnreachable))
        try shards.setAway(false, server: 0)
        try waitUntil("it is back") { try store.outcome(.lock("\(events[0])-51")).isGranted }
        let held = try shards.servers[0].holds()
        for (number, outcome) in outcomes where outcome == .failed(.databaseUnreachable) {
          #expect(held["\(events[0])-\(number)"] == nil)
        }
      }
    }

    @Test func waitsForALockOnAServerAreCutShort() throws {
      let other = try Database(beside: shards.servers[0])
      try other.run(
        """
        BEGIN; INSERT INTO tickets_blocked VALUES ('\(events[0])-1', now() + interval '1 hour'),
                                                  ('\(events[0])-5', now() + interval '1 hour')
        """)
      let settings = shards.settings.with { $0.answerTimeoutMilliseconds = 6000 }
      try HoldStore.run(settings) { store throws in
        #expect(try store.outcome(.lock("\(events[0])-1")) == .failed(.contended))
        #expect(try store.outcome(.lock("\(events[0])-2")).isGranted)
        #expect(try !shards.servers[0].hasBlockedStatement())
        // Negative control: the engine's own sessions have no such limit.
        try shards.servers[0].run("ALTER FUNCTION holdfast_keyed_commit RESET lock_timeout")
        let answers = Answers()
        answers.submit(.lock("\(events[0])-5"), as: 0, to: store)
        try shards.servers[0].waitForBlockedStatement()
        answers.submit(.lock("\(events[0])-4"), as: 1, to: store)
        #expect(try answers.wait(for: 2).values.filter(\.isGranted).isEmpty)
      }
      try other.run("ROLLBACK")
    }

    @Test func onlyTheTicketThatWasWaitedForIsContended() throws {
      let (other, reported) = (try Database(beside: shards.servers[0]), Events())
      let tickets = (1...3).map { "\(events[0])-\($0)" }
      try other.run(
        "BEGIN; INSERT INTO tickets_blocked VALUES ('\(tickets[1])', now() + interval '1 hour')")
      // Who pauses does so for longer than anybody waits.
      let settings = shards.settings.with { $0.contentionMilliseconds = 200_000 }
      try HoldStore.run(settings, events: reported) { store throws in
        let answers = Answers()
        answers.submit(.lock(tickets[0], tickets[1], tickets[2]), as: 0, to: store)
        try reported.wait { $0.isFailure(.lockNotAvailable) }
        #expect(try store.outcome(.lock(tickets[0])).isGranted)
        #expect(try store.outcome(.lock(tickets[2])).isGranted)
      }
      try other.run("ROLLBACK")
    }

    @Test func aServerBringsWhatItsSessionsLack() throws {
      let server = shards.servers[0]
      let name = try server.texts("SELECT current_database()::text")[0]
      try server.run("SET synchronous_commit = off; BEGIN")
      #expect(try server.integer("SELECT count(*) FROM holdfast_keyed_ping('')") == 1)
      #expect(try server.texts("SELECT current_setting('synchronous_commit')") == ["on"])
      try server.run("ROLLBACK; RESET synchronous_commit")
      try server.run("ALTER DATABASE \(name) SET default_transaction_isolation = 'serializable'")
      try HoldStore.run(shards.settings) { store throws in
        #expect(try store.outcome(.lock("\(events[0])-1")) == .failed(.databaseRefused))
        #expect(try store.outcome(.lock("\(events[1])-1")).isGranted)
      }
    }
  }
}
