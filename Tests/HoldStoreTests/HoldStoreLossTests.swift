import Holds
import Postgres
import TestSupport
import Testing
import Threads

@testable import HoldStore

extension ServerSuites {
  /// A connection that is lost under a commit: the caller is told the truth all the same.
  @Suite struct HoldStoreLossTests {
    private let database: Database
    private let proxy: LossyProxy
    private var settings: HoldStoreSettings
    private let resolutions = Monitor<[HoldStoreEvent.Resolution]>([])

    init() throws {
      database = try Database()
      try database.sell(["a", "b", "c"])
      proxy = try LossyProxy()
      settings = .patient(try proxy.conninfo(database))
      settings.committers = 1
      // No other is being opened when something is kept back: it is the batch.
      settings.pool.connections = 1
    }

    private func withStore(_ body: (HoldStore) throws -> Void) throws {
      let note: @Sendable (HoldStoreEvent) -> Void = { [resolutions] event in
        if case .batchResolved(let resolution, _) = event {
          resolutions.withLock { $0.append(resolution) }
        }
      }
      defer { proxy.close() }
      try HoldStore.run(settings, onEvent: note) { store throws in
        // So that connections are there, and prepared.
        #expect(try Answers.outcome(of: .lock("c"), by: store).isGranted)
        try body(store)
      }
    }

    private func waitForHold(of ticketID: String) throws {
      let limit = Database.patience
      while try database.holds()[ticketID] == nil {
        guard Instant.now < limit else { throw Failure("\(ticketID) was never held") }
      }
    }

    /// Locks a ticket, has it committed, and loses the answer with the connection.
    private func lockAndLoseTheAnswer(
      _ store: HoldStore, meanwhile: () throws -> Void = {}
    ) throws -> HoldOutcome {
      let answers = Answers()
      proxy.keepAnswers()
      answers.submit(.lock("a", "b"), as: 0, to: store)
      try waitForHold(of: "a")
      try meanwhile()
      proxy.cut(tellingTheServer: true)
      return try answers.wait(for: 1)[0] ?? .failed(.outcomeUnknown)
    }

    @Test func aCommitWhoseAnswerWasLostIsFound() throws {
      try withStore { store in
        let outcome = try lockAndLoseTheAnswer(store)
        guard case .granted(let grant) = outcome else {
          Issue.record("\(outcome)")
          return
        }
        let holds = try database.holds()
        #expect(holds["a"]?.until == Int(grant.expiresAtUnixMicroseconds))
        #expect(holds["b"]?.until == Int(grant.expiresAtUnixMicroseconds))
        #expect(resolutions.withLock { $0 } == [.committed])
        #expect(try Answers.outcome(of: .lock("a"), by: store).isRefused)
      }
    }

    /// Negative control: without its record a commit cannot be found, and is run again in vain.
    @Test func withoutItsRecordItWouldBeRefusedByItself() throws {
      try withStore { store in
        let outcome = try lockAndLoseTheAnswer(store) {
          try database.run("DELETE FROM holdfast_commits")
        }
        #expect(outcome.isRefused)
        #expect(resolutions.withLock { $0 } == [.rerun])
      }
    }

    @Test func whatNeverReachedTheServerIsRunAgain() throws {
      try withStore { store in
        let answers = Answers()
        proxy.keepRequests()
        answers.submit(.lock("a"), as: 0, to: store)
        answers.submit(.release("c"), as: 1, to: store)
        try waitForKeptBatch()
        proxy.cut(tellingTheServer: true)
        let outcomes = try answers.wait(for: 2)
        #expect(outcomes[0]?.isGranted == true)
        #expect(outcomes[1] == .released)
        #expect(try database.holds().keys.sorted() == ["a"])
        #expect(resolutions.withLock { $0 } == [.rerun])
      }
    }

    /// A proxy or a distributed engine says that a session has died, and the batch is committed.
    @Test func anErrorThatLeavesTheOutcomeOpenIsLookedUp() throws {
      try withStore { store throws in
        let answers = Answers()
        #expect(try Answers.outcome(of: .lock("b"), by: store).isGranted)
        proxy.answerWithInternalError()
        answers.submit(.lock("a"), as: 0, to: store)
        #expect(try answers.wait(for: 1)[0]?.isGranted == true)
        #expect(resolutions.withLock { $0 } == [.committed])
        #expect(try database.holds().keys.sorted() == ["a", "b", "c"])
      }
    }

    /// Loses a lock on its way, has it run again and released, and then lets the lost one arrive.
    private func lockThatArrivesLate(
      _ store: HoldStore, meanwhile: () throws -> Void = {}
    ) throws -> [String] {
      let answers = Answers()
      proxy.keepRequests()
      answers.submit(.lock("a"), as: 0, to: store)
      try waitForKeptBatch()
      proxy.cut(tellingTheServer: false)
      #expect(try answers.wait(for: 1)[0]?.isGranted == true)
      #expect(try Answers.outcome(of: .release("a"), by: store) == .released)
      try meanwhile()
      let start = try database.integer("extract(epoch FROM clock_timestamp()) * 1000000")
      proxy.deliverKeptRequests()
      let limit = Database.patience
      while try database.integer(Self.batchesEnded(since: start)) == 0 {
        guard Instant.now < limit else { throw Failure("the late batch never ended") }
      }
      return try database.holds().keys.sorted()
    }

    private static func batchesEnded(since unixMicroseconds: Int) -> String {
      """
      SELECT count(*) FROM pg_stat_activity
       WHERE datname = current_database() AND state LIKE 'idle%' AND query LIKE 'WITH decided%'
         AND extract(epoch FROM query_start) * 1000000 > \(unixMicroseconds)
      """
    }

    private func waitForKeptBatch() throws {
      let limit = Database.patience
      while !proxy.hasKeptRequests {
        guard Instant.now < limit else { throw Failure("no request was kept back") }
      }
    }

    @Test func aBatchThatArrivesLateChangesNothing() throws {
      try withStore { store throws in
        #expect(try lockThatArrivesLate(store) == ["c"])
      }
    }

    @Test func howeverManyBatchesHaveBeenCommittedMeanwhile() throws {
      try withStore { store throws in
        let holds = try lockThatArrivesLate(store) { () throws in
          for _ in 0..<300 {
            #expect(try Answers.outcome(of: .lock("b"), by: store).isGranted)
            #expect(try Answers.outcome(of: .release("b"), by: store) == .released)
          }
          // The control: records have been deleted meanwhile, and there are not many.
          #expect(try database.integer("SELECT count(*) FROM holdfast_commits") < 300)
        }
        #expect(holds == ["c"])
      }
    }

    @Test func aSweepWhoseConnectionIsLostBeginsAgain() throws {
      try database.run(
        "INSERT INTO tickets_blocked VALUES ('b', now() - interval '1 s')")
      try withStore { store throws in
        let answered = Monitor<[HoldFailure?]>([])
        proxy.keepAnswers()
        store.releaseExpired { unavailability in
          answered.withLock { $0.append(unavailability) }
          answered.broadcast()
        }
        // It has asked how long the table is, and waits for the answer.
        try waitForStatement(like: "SELECT pg_relation_size%")
        proxy.cut(tellingTheServer: true)
        let outcome = answered.wait(until: Database.patience) { $0.first }
        #expect(outcome == .some(nil))
        #expect(try database.holds().keys.sorted() == ["c"])
      }
    }

    private func waitForStatement(like pattern: String) throws {
      let limit = Database.patience
      while try database.integer(
        """
        SELECT count(*) FROM pg_stat_activity
         WHERE datname = current_database() AND ltrim(query, E' \n') LIKE '\(pattern)'
           AND pid <> pg_backend_pid()
        """) == 0
      {
        guard Instant.now < limit else { throw Failure("nobody runs \(pattern)") }
      }
    }

    /// Negative control: nothing stands in its way once the record of the look-up is gone.
    @Test func withoutTheRecordTheLateBatchWouldHoldTheTicket() throws {
      try withStore { store in
        let holds = try lockThatArrivesLate(store) { () throws in
          try database.run("DELETE FROM holdfast_commits")
        }
        #expect(holds == ["a", "c"])
      }
    }
  }
}
