import Holds
import Postgres
import Testing
import Threads

@testable import HoldStore

extension ServerSuites {
  /// The best available tickets, over the real server.
  @Suite struct BestAvailableTests {
    private let database: Database
    private let settings: HoldStoreSettings

    init() throws {
      database = try Database()
      settings = .patient(database.conninfo)
    }

    @Test func theBestSeatsInTheirOrder() throws {
      try database.addVenue(zones: ["A", "B"], rows: 11, seats: 12)
      try HoldStore.run(settings) { store throws in
        #expect(try store.chosen(.best(3)) == ["E1-A-1-5", "E1-A-1-6", "E1-A-1-7"])
        #expect(try store.chosen(.best(2)) == ["E1-A-1-8", "E1-A-1-9"])
        #expect(try store.chosen(.best(2, zone: "B")) == ["E1-B-1-6", "E1-B-1-7"])
        #expect(try store.chosen(.best(10))?.first == "E1-A-2-2")
        #expect(try database.integer("SELECT count(*) FROM tickets_blocked") == 17)
      }
    }

    @Test func refusalsTellHowManyAreFree() throws {
      try database.addVenue(rows: 1, seats: 5)
      try HoldStore.run(settings) { store throws in
        #expect(try store.outcome(.lock("E1-A-1-2", "E1-A-1-4")).isGranted)
        #expect(try store.outcome(.best(2, adjacent: true)) == .notEnough(free: 3))
        #expect(try store.outcome(.best(4)) == .notEnough(free: 3))
        #expect(try store.outcome(.best(1, zone: "B")) == .notEnough(free: 0))
        #expect(try store.outcome(.best(1, of: "E2")) == .notEnough(free: 0))
        #expect(try store.chosen(.best(3)) == ["E1-A-1-1", "E1-A-1-3", "E1-A-1-5"])
      }
    }

    /// What others change in SQL is seen before anybody is refused.
    @Test func aRefusalRestsOnALookThatBeganAfterTheRequest() throws {
      try database.addVenue(rows: 1, seats: 2)
      try HoldStore.run(settings) { store throws in
        #expect(try store.chosen(.best(2)) != nil)
        for round in 0..<20 {
          #expect(try store.outcome(.best(1)) == .notEnough(free: 0))
          let ticket = "E1-A-1-\(round % 2 + 1)"
          try database.run("DELETE FROM tickets_blocked WHERE ticket_id = '\(ticket)'")
          #expect(try store.chosen(.best(1)) == [ticket])
        }
        // A seat that is new, and one that has moved to another zone.
        try database.run(
          """
          INSERT INTO tickets (ticket_id, event_id, zone, seat_row, seat_id)
          VALUES ('new', 'E1', 'A', '1', '3');
          """)
        #expect(try store.chosen(.best(1)) == ["new"])
        try database.run("DELETE FROM tickets_blocked; UPDATE tickets SET zone = 'Z'")
        #expect(try store.chosen(.best(3, zone: "Z"))?.last == "new")
      }
    }

    @Test func soldAndWithheldTicketsAreNotChosen() throws {
      try database.run("ALTER TABLE tickets ADD COLUMN status_offline boolean")
      try database.migrate()
      try database.addVenue(rows: 1, seats: 4)
      try database.run(
        """
        UPDATE tickets SET status = false WHERE seat_id = '1';
        UPDATE tickets SET status_offline = true WHERE seat_id = '2';
        """)
      try HoldStore.run(settings) { store throws in
        #expect(try store.outcome(.best(3)) == .notEnough(free: 2))
        #expect(try store.chosen(.best(2)) == ["E1-A-1-3", "E1-A-1-4"])
      }
    }

    /// The event's tickets are found by the text of its id, whatever the column's type is.
    @Test(arguments: [
      ("int", "7", "07"), ("bigint", "7", "x"), ("numeric", "1.50", "1.5"),
      ("varchar(9)", "a", "a "),
      ("uuid", "6f1c1d3e-0000-4000-8000-00000000000a", "6F1C1D3E-0000-4000-8000-00000000000A"),
    ])
    func eventsOfAnyType(type: String, event: String, other: String) throws {
      try database.run(
        """
        ALTER TABLE tickets ALTER event_id TYPE \(type) USING NULL;
        INSERT INTO tickets (ticket_id, event_id) VALUES ('a', '\(event)');
        """)
      try HoldStore.run(settings) { store throws in
        #expect(try store.outcome(.best(1, of: other)) == .notEnough(free: 0))
        #expect(try store.chosen(.best(1, of: event)) == ["a"])
      }
    }

    /// A seat that another session has only in a transaction that is not committed may be free yet.
    @Test func whoFindsNothingButASeatThatIsBeingHeldWaits() throws {
      try database.addVenue(zones: ["A", "B"], rows: 1, seats: 1)
      let settings = settings.with { $0.answerTimeoutMilliseconds = 2000 }
      let other = try Database(beside: database)
      try HoldStore.run(settings) { store throws in
        #expect(try store.chosen(.best(1, zone: "B")) == ["E1-B-1-1"])
        try other.run(
          "BEGIN; INSERT INTO tickets_blocked VALUES ('E1-A-1-1', now() + interval '1 h')")
        #expect(try store.outcome(.best(1, zone: "A")) == .failed(.contended))
        // In another zone it stands in nobody's way.
        #expect(try store.outcome(.best(1, zone: "B")) == .notEnough(free: 0))
        try other.run("ROLLBACK")
        #expect(try store.chosen(.best(1, zone: "A")) == ["E1-A-1-1"])
      }
    }

    /// A book that does not know of a sale proposes what is sold; the caller sees nothing of it.
    @Test func aRefusedProposalIsChosenAgain() throws {
      try database.addVenue(rows: 2, seats: 4)
      try HoldStore.run(settings) { store throws in
        #expect(try store.chosen(.best(1)) == ["E1-A-1-2"])
        try database.run("UPDATE tickets SET status = false WHERE seat_row = '1'")
        #expect(try store.chosen(.best(2)) == ["E1-A-2-2", "E1-A-2-3"])
      }
    }

    @Test func holdsThatExpireAreFreeAgain() throws {
      try database.addVenue(rows: 1, seats: 2)
      try HoldStore.run(settings) { store throws in
        #expect(try store.chosen(.best(2, seconds: 4)) != nil)
        #expect(try store.outcome(.best(2)) == .notEnough(free: 0))
        Instant.now.advanced(byMilliseconds: 4050).sleep()
        #expect(try store.chosen(.best(2)) != nil)
      }
    }

    @Test func releasesAndLocksOfThisInstanceAreKnownAtOnce() throws {
      try database.addVenue(rows: 1, seats: 3)
      try HoldStore.run(settings) { store throws in
        #expect(try store.chosen(.best(1)) == ["E1-A-1-2"])
        #expect(try store.outcome(.release("E1-A-1-2")) == .released)
        #expect(try store.chosen(.best(1)) == ["E1-A-1-2"])
        #expect(try store.outcome(.lock("E1-A-1-1")).isGranted)
        #expect(try store.chosen(.best(1)) == ["E1-A-1-3"])
      }
    }

    @Test func aTableWithoutEventsSaysWhatIsMissing() throws {
      try database.run("ALTER TABLE tickets DROP COLUMN event_id")
      try database.sell(["a"])
      try HoldStore.run(settings) { store throws in
        #expect(
          try store.outcome(.best(1))
            == .failed(.unsupported("The table tickets has no column event_id")))
        #expect(try store.outcome(.lock("a")).isGranted)
      }
    }

    @Test func aTableWithoutPlacesIsGeneralAdmission() throws {
      try database.run(
        "ALTER TABLE tickets DROP COLUMN zone, DROP COLUMN seat_row, DROP COLUMN seat_id")
      try database.run(
        "INSERT INTO tickets (ticket_id, event_id) SELECT n, 'E1' FROM generate_series(1, 12) n")
      try HoldStore.run(settings) { store throws in
        #expect(try store.chosen(.best(3, adjacent: true)) == ["1", "2", "3"])
        #expect(try store.outcome(.best(10)) == .notEnough(free: 9))
      }
    }

    @Test func theBoundsOfTheBooksHold() throws {
      for event in 1...4 { try database.addVenue("E\(event)", rows: 1, seats: 10) }
      var settings = settings
      settings.bestEvents = 2
      settings.bestSeats = 25
      try database.addVenue("large", rows: 2, seats: 13)
      try HoldStore.run(settings) { store throws in
        for round in 0..<3 {
          for event in 1...4 {
            #expect(try store.chosen(.best(2, of: "E\(event)"))?.count == 2, "\(round)")
          }
        }
        #expect(
          try store.outcome(.best(1, of: "large"))
            == .failed(.unsupported("The event has more than 25 tickets")))
        for number in 0..<100 {
          #expect(try store.outcome(.best(1, of: "nowhere\(number)")) == .notEnough(free: 0))
        }
      }
    }

    /// Negative control.
    @Test func withoutTheBoundALargeEventIsServed() throws {
      try database.addVenue("large", rows: 2, seats: 13)
      try HoldStore.run(settings) { store throws in
        #expect(try store.chosen(.best(1, of: "large"))?.count == 1)
      }
    }

    /// Also an event that is asked for the first time, behind all of them.
    @Test func aFloodOfUnknownEventsKeepsNobodyAway() throws {
      try database.addVenue(rows: 1, seats: 10)
      try HoldStore.run(settings) { store throws in
        let answers = Answers()
        for number in 0..<600 {
          answers.submit(.best(1, of: "nowhere\(number)"), as: number, to: store)
        }
        answers.submit(.best(1), as: 600, to: store)
        var outcomes = try answers.wait(for: 601)
        #expect(outcomes.removeValue(forKey: 600)?.chosen == ["E1-A-1-5"])
        #expect(outcomes.values.filter { $0 == .notEnough(free: 0) }.count == 600)
      }
    }

    /// Many callers, several committers, two stores: disjoint seats to the last, and no refusal before.
    @Test(arguments: [1, 2]) func aRushIsServedToTheLastSeat(stores count: Int) throws {
      try database.addVenue(zones: ["A", "B"], rows: 6, seats: 10)
      var settings = settings
      settings.committers = 3
      settings.overlapAfterMilliseconds = 0
      let stores = (0..<count).map { _ in HoldStore(settings: settings) { _ in } }
      defer { for store in stores { store.stop() } }
      let answers = Answers()
      for number in 0..<80 {
        answers.submit(.best(2), as: number, to: stores[number % count])
      }
      let outcomes = try answers.wait(for: 80)
      let tickets = outcomes.values.compactMap(\.chosen).flatMap(\.self)
      #expect(tickets.count == 120)
      #expect(Set(tickets).count == 120)
      #expect(outcomes.values.filter { $0 == .notEnough(free: 0) }.count == 20)
    }

    /// On a commit that grants what is held two stores collide: else the test above would prove nothing.
    @Test func twoStoresWithoutTheCommitsProtectionCollide() throws {
      try database.addVenue(zones: ["A", "B"], rows: 6, seats: 10)
      try database.takeOut(
        "WHEN b.locked_up > v_now", insteadOf: "WHEN false AND b.locked_up > v_now")
      try database.takeOutCount()
      let stores = (0..<2).map { _ in HoldStore(settings: settings) { _ in } }
      defer { for store in stores { store.stop() } }
      // In turns: a store that knows of the other's grants only by refusals offers next what the other
      // has just granted.
      let tickets = try (0..<20).compactMap { try stores[$0 % 2].chosen(.best(1)) }
      #expect(tickets.count == 20)
      #expect(Set(tickets).count < 20)
    }

    /// What was being committed when the connection was lost is looked up, and chosen again if need be.
    @Test func aLostConnectionIsSurvived() throws {
      try database.addVenue(rows: 10, seats: 10)
      try HoldStore.run(settings) { store throws in
        let answers = Answers()
        for number in 0..<40 {
          answers.submit(.best(2), as: number, to: store)
          if number % 10 == 5 {
            try database.connection.query(
              """
              SELECT pg_terminate_backend(pid) FROM pg_stat_activity
               WHERE datname = current_database() AND pid <> pg_backend_pid()
              """, deadline: Database.patience)
          }
        }
        let tickets = try answers.wait(for: 40).values.compactMap(\.chosen).flatMap(\.self)
        #expect(tickets.count == 80)
        #expect(Set(tickets).count == 80)
        #expect(try database.integer("SELECT count(*) FROM tickets_blocked") == 80)
      }
    }

    @Test func aStopAnswersWhoeverWaits() throws {
      try database.addVenue(rows: 10, seats: 10)
      let answers = Answers()
      let store = HoldStore(settings: settings) { _ in }
      for number in 0..<60 { answers.submit(.best(2), as: number, to: store) }
      store.stop()
      let outcomes = try answers.wait(for: 60).values
      #expect(outcomes.filter { $0.chosen != nil }.count == 50)
      #expect(outcomes.filter { $0 == .notEnough(free: 0) }.count == 10)
    }

    /// Another session keeps the best seat locked, and never commits: the next best is chosen.
    @Test func seatsThatAnotherSessionKeepsLockedAreLeftOut() throws {
      try database.addVenue(rows: 1, seats: 3)
      let other = try Database(beside: database)
      try other.run(
        """
        BEGIN;
        INSERT INTO tickets_blocked (ticket_id, locked_up, date_created)
        VALUES ('E1-A-1-2', now() + interval '1 hour', now());
        """)
      try HoldStore.run(settings) { store throws in
        #expect(try store.chosen(.best(1)) == ["E1-A-1-1"])
      }
      try other.run("ROLLBACK")
    }
  }
}
