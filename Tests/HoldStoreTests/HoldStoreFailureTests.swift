import Holds
import Postgres
import TestSupport
import Testing

@testable import HoldStore

extension ServerSuites {
  /// One request's failure is its own, whatever else shares its commit.
  @Suite struct HoldStoreFailureTests {
    private let database: Database
    private let other: Database
    private let settings: HoldStoreSettings
    private let events = Events()

    init() throws {
      database = try Database(selling: ["a", "b"])
      other = try Database(beside: database)
      settings = .patient(database.conninfo)
    }

    /// What becomes of 20 locks that share a batch, of which the one with number 10 always fails, and of
    /// one before them.
    private func outcomesBesideACulprit(
      retriesFailedBatches: Bool = true
    ) throws -> [Int: HoldOutcome] {
      let tickets = (0..<20).map { "t\($0)" }
      try database.sell(tickets + ["culprit"])
      try database.run(
        """
        ALTER TABLE tickets_blocked ADD CHECK (ticket_id <> 'culprit');
        INSERT INTO tickets_blocked VALUES ('t0', now() - interval '1 s');
        """)
      // So that all the others wait for the first one's batch, and then share theirs.
      try other.run("BEGIN; LOCK TABLE tickets_blocked IN ACCESS EXCLUSIVE MODE")
      var settings = settings
      settings.lockTimeoutMilliseconds = 20_000
      settings.committers = 1
      settings.retriesFailedBatches = retriesFailedBatches
      return try HoldStore.run(settings, events: events) { store throws in
        let answers = Answers()
        for (number, ticketID) in (tickets[..<10] + ["culprit"] + tickets[10...]).enumerated() {
          answers.submit(.lock(ticketID), as: number, to: store)
          try waitUntil("the first is under way") { number > 0 || store.waitingCount == 0 }
        }
        try other.run("ROLLBACK")
        return try answers.wait(for: 21)
      }
    }

    @Test func aStatementThatFailsIsSplitUntilTheCulpritStandsAlone() throws {
      var outcomes = try outcomesBesideACulprit()
      #expect(outcomes.removeValue(forKey: 10) == .failed(.databaseRefused))
      #expect(outcomes.values.allSatisfy { $0.isGranted })
      #expect(try database.holds().count == 20)
      #expect(
        events.all.contains {
          if case .batchFailed(_, let operations, .divided) = $0 { operations > 1 } else { false }
        })
    }

    /// Negative control: it is a failure of all who share the commit.
    @Test func withoutDivisionTheOthersFailToo() throws {
      var outcomes = try outcomesBesideACulprit(retriesFailedBatches: false)
      #expect(outcomes.removeValue(forKey: 0)?.isGranted == true)
      #expect(outcomes.values.allSatisfy { $0 == .failed(.databaseRefused) })
      #expect(try database.holds().keys.sorted() == ["t0"])
    }

    /// A right that is missing is no reason to say that the database cannot be reached.
    @Test func whatTheDatabaseRefusesIsSaidAndShownByReadiness() throws {
      try HoldStore.run(settings, events: events) { store throws in
        #expect(try store.outcome(.lock("a")).isGranted)
        try database.run("ALTER TABLE tickets_blocked ADD CHECK (ticket_id <> 'a') NOT VALID")
        try database.run("UPDATE tickets_blocked SET locked_up = now() WHERE false")
        try database.run("DELETE FROM tickets_blocked")
        #expect(try store.outcome(.lock("a")) == .failed(.databaseRefused))
        try waitForReadiness(of: store) { readiness in
          guard case .refused(let problem) = readiness.database else { return false }
          return problem.contains("violates check constraint")
        }
        try database.run(
          "ALTER TABLE tickets_blocked DROP CONSTRAINT tickets_blocked_ticket_id_check")
        try waitForReadiness(of: store, until: \.isReady)
        #expect(try store.outcome(.lock("a")).isGranted)
      }
      #expect(events.all.contains { if case .commitsRefused = $0 { true } else { false } })
    }

    /// Adopted tables may demand that a hold ends after it begins, and that its ticket exists.
    @Test(arguments: [true, false])
    func constraintsThatEveryHoldMeetsAreMetByReadinessAndByALateConfirm(hasTickets: Bool) throws {
      try database.run(
        """
        ALTER TABLE tickets_blocked ADD CHECK (locked_up > date_created),
                                    ADD FOREIGN KEY (ticket_id) REFERENCES tickets (ticket_id)
        """)
      if !hasTickets { try database.run("DELETE FROM tickets") }
      try HoldStore.run(settings) { store throws in
        let outcome = try store.outcome(.confirm("a", order: "1"))
        #expect(hasTickets ? outcome == .sold : outcome != .failed(.databaseRefused))
        #expect(try store.readiness().isReady)
      }
    }

    /// A value of the session's own outranks the server's, also one that is changed later.
    @Test(arguments: ["on", "off", "remote_apply"])
    func aSessionsCommitsDoNotFollowTheServers(value: String) throws {
      try database.run(
        "ALTER ROLE ALL IN DATABASE \(try database.texts("SELECT current_database()")[0]) SET synchronous_commit = \(value)"
      )
      let session = try Database(beside: database)
      let query =
        "SELECT setting || ' ' || source FROM pg_settings WHERE name = 'synchronous_commit'"
      #expect(try session.texts(query) != ["\(value) session"])
      try session.run(EmbeddedSQL.session)
      #expect(try session.texts(query) == ["\(value == "off" ? "on" : value) session"])
    }

    /// Another session's insert of the ticket that a dry commit uses keeps it from finding anything out.
    @Test func aDryCommitThatMeetsALockNeitherFindsNorClearsAProblem() throws {
      let insert = "BEGIN; INSERT INTO tickets_blocked VALUES ('a', now() + interval '1 hour')"
      try HoldStore.run(settings) { store throws in
        #expect(try store.outcome(.lock("b")).isGranted)
        #expect(try store.outcome(.release("b")) == .released)
        try database.run(
          "ALTER TABLE holdfast_commits ADD CONSTRAINT closed CHECK (committer < 0) NOT VALID")
        try other.run(insert)
        #expect(try store.outcome(.lock("b")) == .failed(.databaseRefused))
        #expect(try store.readiness().database == .ok, "the control: the lock is in the way")
        try other.run("ROLLBACK")
        try waitForReadiness(of: store, until: isRefused)
        try other.run(insert)
        #expect(try isRefused(store.readiness()))
        try database.run("ALTER TABLE holdfast_commits DROP CONSTRAINT closed")
        #expect(try isRefused(store.readiness()), "nothing has shown that commits succeed")
        try other.run("ROLLBACK")
        try waitForReadiness(of: store, until: \.isReady)
      }
    }

    /// A connection that is being opened may make a dry commit as well, and be in the way of this one's.
    private func waitForReadiness(
      of store: HoldStore, until condition: (Readiness) -> Bool
    ) throws {
      try waitUntil("the readiness that is expected") { try condition(store.readiness()) }
    }

    private func isRefused(_ readiness: Readiness) -> Bool {
      if case .refused = readiness.database { true } else { false }
    }

    /// What becomes of two locks that share a batch, when another's insert of the first one's ticket commits.
    private func outcomesOfALostRace(
      retriesFailedBatches: Bool = true
    ) throws -> [Int: HoldOutcome] {
      var settings = settings
      settings.lockTimeoutMilliseconds = 20_000
      settings.retriesFailedBatches = retriesFailedBatches
      return try HoldStore.run(settings) { store throws in
        // The dry commit, too, would wait.
        #expect(try store.outcome(.release("a")) == .released)
        try other.run(
          "BEGIN; INSERT INTO tickets_blocked VALUES ('a', now() + interval '1 hour')")
        let answers = Answers()
        answers.submit(.lock("a"), as: 0, to: store)
        answers.submit(.lock("b"), as: 1, to: store)
        try Database(beside: database).waitForBlockedStatement()
        try other.run("COMMIT")
        return try answers.wait(for: 2)
      }
    }

    @Test func whoeverLosesARaceToInsertIsToldTheTruth() throws {
      let outcomes = try outcomesOfALostRace()
      #expect(outcomes[0]?.isRefused == true)
      #expect(outcomes[1]?.isGranted == true)
    }

    /// Negative control.
    @Test func withoutARetryWhoeverLosesARaceFails() throws {
      let outcomes = try outcomesOfALostRace(retriesFailedBatches: false)
      #expect(outcomes[0] == .failed(.databaseRefused))
    }

    @Test func aBatchWhoseConnectionWasEndedIsRunAgain() throws {
      try other.run("BEGIN; INSERT INTO tickets_blocked VALUES ('a', now())")
      let settings = settings.with { $0.lockTimeoutMilliseconds = 20_000 }
      try HoldStore.run(settings) { store throws in
        let answers = Answers()
        answers.submit(.lock("a"), as: 0, to: store)
        let killer = try Database(beside: database)
        try killer.waitForBlockedStatement()
        try killer.run(
          """
          SELECT pg_terminate_backend(pid) FROM pg_stat_activity
           WHERE datname = current_database() AND wait_event_type = 'Lock'
          """)
        try killer.waitForBlockedStatement()
        try other.run("ROLLBACK")
        #expect(try answers.wait(for: 1)[0]?.isGranted == true)
        #expect(try store.outcome(.lock("b")).isGranted)
      }
    }
  }
}
