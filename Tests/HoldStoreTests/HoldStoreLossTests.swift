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
    private let rig: LossRig
    private var proxy: LossyProxy { rig.proxy }

    init() throws {
      database = try Database(selling: ["a", "b", "c"])
      rig = try LossRig(.patient(database.conninfo), to: database)
    }

    private func withStore(_ body: (HoldStore) throws -> Void) throws {
      try rig.withStore(locking: "c", body)
    }

    /// Locks a ticket, has it committed, and loses the answer with the connection.
    private func lockAndLoseTheAnswer(
      _ store: HoldStore, meanwhile: () throws -> Void = {}
    ) throws -> HoldOutcome {
      let answers = Answers()
      proxy.keepAnswers()
      answers.submit(.lock("a", "b"), as: 0, to: store)
      try waitUntil("a is held") { try database.holds()["a"] != nil }
      try meanwhile()
      proxy.cut(tellingTheServer: true)
      return try answers.wait(for: 1)[0] ?? .failed(.outcomeUnknown)
    }

    @Test func aCommitWhoseAnswerWasLostIsFound() throws {
      try withStore { store in
        let outcome = try lockAndLoseTheAnswer(store)
        guard case .granted(let grant) = outcome else { throw Failure("\(outcome)") }
        let holds = try database.holds()
        #expect(holds["a"]?.until == Int(grant.expiresAtUnixMicroseconds))
        #expect(holds["b"]?.until == Int(grant.expiresAtUnixMicroseconds))
        #expect(rig.events.resolutions == [.committed])
        #expect(try store.outcome(.lock("a")).isRefused)
      }
    }

    /// Negative control: without its record a commit cannot be found, and is run again in vain.
    @Test func withoutItsRecordItWouldBeRefusedByItself() throws {
      try withStore { store in
        let outcome = try lockAndLoseTheAnswer(store) {
          try database.run("DELETE FROM holdfast_commits")
        }
        #expect(outcome.isRefused)
        #expect(rig.events.resolutions == [.rerun])
      }
    }

    @Test func whatNeverReachedTheServerIsRunAgain() throws {
      try withStore { store in
        let answers = Answers()
        proxy.keepRequests()
        answers.submit(.lock("a"), as: 0, to: store)
        answers.submit(.release("c"), as: 1, to: store)
        try proxy.waitUntilSomethingIsKept()
        proxy.cut(tellingTheServer: true)
        let outcomes = try answers.wait(for: 2)
        #expect(outcomes[0]?.isGranted == true)
        #expect(outcomes[1] == .released)
        #expect(try database.holds().keys.sorted() == ["a"])
        #expect(rig.events.resolutions == [.rerun])
      }
    }

    /// A proxy or a distributed engine says that a session has died, and the batch is committed.
    @Test(arguments: ["XX000", "XX001", "08006", "40003", "57P01", "58000", "58030"])
    func anErrorThatLeavesTheOutcomeOpenIsLookedUp(code: String) throws {
      try withStore { store throws in
        #expect(try store.outcome(.lock("b")).isGranted)
        proxy.answerWithError(code)
        #expect(try store.outcome(.lock("a")).isGranted)
        #expect(rig.events.resolutions == [.committed])
        #expect(try database.holds().keys.sorted() == ["a", "b", "c"])
      }
    }

    /// The tickets that are held once a lost lock has arrived late.
    private func heldAfterALateLock(
      _ store: HoldStore, meanwhile: () throws -> Void = {}
    ) throws -> [String] {
      try rig.lockThatArrivesLate("a", store, statement: "WITH decided%", meanwhile: meanwhile)
      return try database.holds().keys.sorted()
    }

    @Test func aBatchThatArrivesLateChangesNothing() throws {
      try withStore { store throws in
        #expect(try heldAfterALateLock(store) == ["c"])
      }
    }

    @Test func howeverManyBatchesHaveBeenCommittedMeanwhile() throws {
      try withStore { store throws in
        let holds = try heldAfterALateLock(store) { () throws in
          for _ in 0..<300 {
            #expect(try store.outcome(.lock("b")).isGranted)
            #expect(try store.outcome(.release("b")) == .released)
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
        try waitUntil("it has asked") {
          try database.bool(
            """
            EXISTS (SELECT FROM pg_stat_activity
                     WHERE datname = current_database() AND pid <> pg_backend_pid()
                       AND ltrim(query, E' \n') LIKE 'SELECT pg_relation_size%')
            """)
        }
        proxy.cut(tellingTheServer: true)
        let outcome = answered.wait(until: Database.patience) { $0.first }
        #expect(outcome == .some(nil))
        #expect(try database.holds().keys.sorted() == ["c"])
      }
    }

    /// Negative control: nothing stands in its way once the record of the look-up is gone.
    @Test func withoutTheRecordTheLateBatchWouldHoldTheTicket() throws {
      try withStore { store in
        let holds = try heldAfterALateLock(store) { () throws in
          try database.run("DELETE FROM holdfast_commits")
        }
        #expect(holds == ["a", "c"])
      }
    }
  }
}
