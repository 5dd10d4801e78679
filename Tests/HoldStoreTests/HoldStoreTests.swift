import Holds
import Postgres
import TestSupport
import Testing
import Threads

@testable import HoldStore

extension ServerSuites {
  /// The store as its callers see it, over the real server.
  @Suite struct HoldStoreTests {
    private let database: Database
    private let settings: HoldStoreSettings

    init() throws {
      database = try Database()
      settings = .patient(database.conninfo)
    }

    /// Also by stores and committers beside each other.
    @Test(arguments: [1, 2])
    func eachOperationIsAnsweredOnceAndEachTicketGrantedOnce(stores count: Int) throws {
      let tickets = (0..<40).map { "t\($0)" }
      try database.sell(tickets)
      var settings = settings
      if count > 1 {
        settings.committers = 4
        settings.overlapAfterMilliseconds = 0
        settings.queue.batchOperations = 4
      }
      let answers = Answers()
      let stores = (0..<count).map { _ in HoldStore(settings: settings) { _ in } }
      defer { for store in stores { store.stop() } }
      try inParallel(4) { thread in
        for round in 0..<100 {
          let index = (round + thread * 7) % tickets.count
          let pair = [tickets[index], tickets[(index + 1) % tickets.count]].shuffled()
          answers.submit(.lock(pair), as: thread * 100 + round, to: stores[thread % count])
        }
      }
      let outcomes = try answers.wait(for: 400)
      #expect(outcomes.values.allSatisfy { $0.isGranted || $0.isRefused })
      let granted = outcomes.values.filter(\.isGranted).count
      #expect(try database.integer("SELECT count(*) FROM tickets_blocked") == granted * 2)
      #expect((13...20).contains(granted))
    }

    /// An idle store works; one whose batch never ends does not.
    @Test func aBatchThatNeverEndsShows() throws {
      try database.sell(["a"])
      try HoldStore.run(settings) { store throws in
        func worksInAnHour() -> Bool {
          store.isWorking(at: .now.advanced(byMilliseconds: 3_600_000))
        }
        let answers = Answers()
        answers.submit(.lock("a"), as: 0, to: store)
        #expect(try answers.wait(for: 1)[0]?.isGranted == true)
        // The deadlines are looked after every few milliseconds, for a moment.
        try waitUntil("it works", worksInAnHour)
        let blocker = try Database(beside: database)
        try blocker.run("BEGIN; LOCK TABLE tickets_blocked")
        answers.submit(.lock("a"), as: 1, to: store)
        try waitUntil("it does not work") { !worksInAnHour() }
        #expect((0..<1000).allSatisfy { _ in !worksInAnHour() })
        // It is not late yet.
        #expect(store.isWorking(at: .now))
        try blocker.run("ROLLBACK")
        _ = try answers.wait(for: 2)
        try waitUntil("it works again", worksInAnHour)
      }
    }

    @Test func locksAndReleasesAreCommittedInOrderOfArrival() throws {
      try database.sell(["a"])
      // On a busy machine a second batch may overtake the first.
      try HoldStore.run(settings.with { $0.committers = 1 }) { store throws in
        try store.lockAndReleaseInTurns("a")
      }
      #expect(try database.holds().isEmpty)
    }

    @Test func whatIsAnsweredIsCommitted() throws {
      try database.sell(["a", "b"])
      try HoldStore.run(settings) { store throws in
        #expect(try store.outcome(.lock("a", as: "cart")).isGranted)
        #expect(try database.holds().keys.sorted() == ["a"])
        #expect(try store.outcome(.release("a", as: "cart")) == .released)
        #expect(try database.holds().isEmpty)
        #expect(
          try store.outcome(.lock("b", "x"))
            == .refused([UnavailableTicket(ticketID: "x", reason: .unknown)]))
      }
    }

    @Test func aFullQueueAnswersAtOnce() throws {
      try database.sell(["a"])
      var settings = settings
      settings.queue.waitingOperations = 5
      settings.conninfo = "host=/nowhere/at/all"
      settings.answerTimeoutMilliseconds = 500
      settings.committers = 1
      try HoldStore.run(settings) { store throws in
        let answers = Answers()
        for number in 0..<20 { answers.submit(.lock("a"), as: number, to: store) }
        let outcomes = try answers.wait(for: 20)
        let full = outcomes.values.filter { $0 == .failed(.queueFull) }.count
        // A batch of some of the others is under way, and waits for a connection.
        #expect((1...15).contains(full))
        #expect(
          outcomes.values.filter { $0 == .failed(.databaseUnreachable) }.count == 20 - full)
      }
    }

    /// Commits of 100 ms, one request each: who finds another in front of it would wait too long.
    @Test func whoeverWouldWaitTooLongForSlowCommitsIsToldAtOnce() throws {
      let tickets = (0..<20).map { "t\($0)" }
      try database.sell(tickets + ["first", "second"])
      try database.run(
        """
        CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql
            AS 'BEGIN PERFORM pg_sleep(0.1); RETURN NULL; END';
        CREATE TRIGGER slow AFTER INSERT ON tickets_blocked
            FOR EACH STATEMENT EXECUTE FUNCTION slow();
        """)
      var settings = settings
      settings.committers = 1
      settings.queue.batchOperations = 1
      settings.queue.waitingMilliseconds = 10
      try HoldStore.run(settings) { store throws in
        // Once the second is under way, the pace of the first is known.
        for ticketID in ["first", "second"] {
          #expect(try store.outcome(.lock(ticketID)).isGranted)
        }
        let answers = Answers()
        for (number, ticketID) in tickets.enumerated() {
          answers.submit(.lock(ticketID), as: number, to: store)
        }
        let outcomes = try answers.wait(for: tickets.count).values
        let full = outcomes.filter { $0 == .failed(.queueFull) }.count
        #expect((1..<tickets.count).contains(full))
        #expect(outcomes.filter(\.isGranted).count == tickets.count - full)
      }
    }

    @Test func aDatabaseThatIsAwayIsSaidToBe() throws {
      var settings = settings
      settings.conninfo = "host=/nowhere/at/all"
      settings.answerTimeoutMilliseconds = 200
      settings.readinessTimeoutMilliseconds = 200
      try HoldStore.run(settings) { store throws in
        let start = Instant.now
        #expect(try store.outcome(.lock("a")) == .failed(.databaseUnreachable))
        #expect(Instant.now >= start.advanced(byMilliseconds: 200))
        #expect(try store.readiness() == Readiness(database: .unreachable, isStopping: false))
        #expect(try store.sweep() == .databaseUnreachable)
      }
    }

    @Test func readinessFollowsTheDatabaseAndTheStop() throws {
      try HoldStore.run(settings) { store throws in
        #expect(try store.readiness().isReady)
        store.prepareToStop()
        #expect(
          try store.readiness()
            == Readiness(database: .ok, isStopping: true, hasStrictSales: false))
        // It still serves.
        #expect(try store.outcome(.release("a")) == .released)
      }
    }

    @Test func expiredHoldsAreSweptAndLiveOnesStay() throws {
      try database.run(
        """
        INSERT INTO tickets_blocked (ticket_id, locked_up)
          SELECT n::text, now() + CASE n % 2 WHEN 0 THEN 1 ELSE -1 END * interval '1 hour'
            FROM generate_series(1, 5000) AS n
        """)
      try HoldStore.run(settings.with { $0.sweepPages = 3 }) { store throws in
        #expect(try store.sweep() == nil)
        #expect(store.snapshot().liveHolds == 2500)
        #expect(try database.integer("SELECT count(*) FROM tickets_blocked") == 2500)
        #expect(
          try database.integer("SELECT count(*) FROM tickets_blocked WHERE locked_up < now()")
            == 0)
      }
    }

    /// What is counted agrees with what was asked.
    @Test func eventsTellOfEveryOperationAndCommit() throws {
      try database.sell(["a", "b"])
      let events = Events()
      try HoldStore.run(settings, events: events) { store throws in
        #expect(try store.outcome(.lock("a")).isGranted)
        #expect(try store.outcome(.lock("a")).isRefused)
        #expect(try store.outcome(.release("a")) == .released)
        let snapshot = store.snapshot()
        #expect(snapshot.waitingOperations == 0)
        #expect(snapshot.waitingOperationsLimit == settings.queue.waitingOperations)
        // Sweeps are off, and none has been asked for.
        #expect(snapshot.sweepAgeSeconds == nil && snapshot.liveHolds == nil)
      }
      var (outcomes, waits, commits) = ([HoldOutcome](), 0, 0)
      for event in events.all {
        switch event {
        case .answered(_, let outcome): outcomes.append(outcome)
        case .begun(let microseconds): waits += microseconds.count
        case .committed(let operations, _): commits += operations
        default: break
        }
      }
      #expect(outcomes.count == 3 && outcomes[0].isGranted && outcomes[1].isRefused)
      #expect(waits == 3 && commits == 3)
    }

    @Test func sweepsOfItsOwnTellTheirAgeAndTheLiveHolds() throws {
      try database.run(
        "INSERT INTO tickets_blocked (ticket_id, locked_up) VALUES ('a', now() + interval '1 hour')"
      )
      let (settings, events) = (settings.with { $0.sweepIntervalMilliseconds = 10 }, Events())
      try HoldStore.run(settings, events: events) { store throws in
        try events.wait { if case .swept = $0 { true } else { false } }
        #expect(store.snapshot().liveHolds == 1)
        #expect(store.snapshot().sweepAgeSeconds != nil)
      }
    }

    @Test func aStopCommitsWhatWaitsAndTakesNothingMore() throws {
      let tickets = (0..<200).map { "t\($0)" }
      try database.sell(tickets)
      let store = HoldStore(settings: settings) { _ in }
      let answers = Answers()
      for (number, ticketID) in tickets.enumerated() {
        answers.submit(.lock(ticketID), as: number, to: store)
      }
      store.stop()
      // Everybody has been answered before the stop has returned.
      let outcomes = try answers.wait(for: 200)
      #expect(outcomes.values.allSatisfy { $0.isGranted })
      #expect(try database.holds().count == 200)
      #expect(try store.outcome(.lock("t0")) == .failed(.stopping))
    }

    /// Every call answers, also one that comes as the last requests are being drained.
    @Test(.timeLimit(.minutes(1))) func onceStoppedEveryCallIsStillAnswered() throws {
      let store = HoldStore(settings: settings) { _ in }
      store.stop()
      #expect(try !store.readiness().isReady)
      #expect(try store.sweep() != nil)
    }
  }
}
