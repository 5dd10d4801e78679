import Holds
import TestSupport
import Testing
import Threads

@testable import HoldStore

extension ServerSuites {
  /// Waits that are for no ticket: how often a commit is tried meanwhile, and what its caller is told.
  @Suite struct ContentionTrialTests {
    private let database: Database
    private let other: Database
    private let tickets = (0..<100).map { "\($0)" }

    init() throws {
      database = try Database(selling: tickets)
      other = try Database(beside: database)
      // A sequence counts on, whatever becomes of the transaction.
      try database.run(
        """
        CREATE SEQUENCE attempts;
        CREATE FUNCTION attempt() RETURNS trigger LANGUAGE plpgsql AS
          'BEGIN PERFORM nextval(''attempts''); RETURN NULL; END';
        CREATE TRIGGER attempt BEFORE INSERT ON tickets_blocked EXECUTE FUNCTION attempt();
        """)
    }

    /// How often a commit of a hundred tickets is tried in a second in which it waits in vain for what `script`
    /// locks. Whoever asks for them again from then on is refused at once.
    private func attempts(
      behind script: String, _ change: (inout HoldStoreSettings) -> Void = { _ in }
    ) throws -> Int {
      try HoldStore.run(.patient(database.conninfo).with(change)) { store throws in
        let answers = Answers()
        let operation = HoldOperation.lock(tickets, as: "cart", shopper: "somebody")
        // The dry commit, too, would wait.
        #expect(try store.outcome(.release("0")) == .released)
        let before = try database.integer("nextval('attempts')")
        try other.run("BEGIN; \(script)")
        answers.submit(operation, as: 0, to: store)
        Instant.now.advanced(byMilliseconds: 1000).sleep()
        let count = try database.integer("nextval('attempts')") - before - 1
        // Now and then somebody finds out whether it still has to be waited for.
        for number in 1...5 where try answers.wait(for: 0).isEmpty {
          answers.submit(operation, as: number, to: store)
          Instant.now.advanced(byMilliseconds: 100).sleep()
        }
        let refused = try answers.wait(for: 0)
        #expect(!refused.isEmpty && refused[0] == nil)
        #expect(refused.values.allSatisfy { $0 == .failed(.contended) })
        try other.run("ROLLBACK")
        try waitUntil("it is granted") { try answers.wait(for: 0)[0]?.isGranted == true }
        return count
      }
    }

    @Test func aWaitForTheHistoryIsSeenByATrial() throws {
      let count = try attempts(behind: "LOCK TABLE holdfast_history") { $0.historyDays = 30 }
      #expect((2...50).contains(count), "\(count)")
    }

    @Test func aWaitForTheShoppersKeyIsSeenByATrial() throws {
      let count = try attempts(behind: "LOCK TABLE holdfast_secret") { $0.heldTicketLimit = 200 }
      #expect(count <= 50, "\(count)")
    }

    /// A trial ends before its transaction is committed.
    @Test func aWaitThatNoTrialSeesIsForAllTickets() throws {
      try database.run(
        """
        CREATE TABLE counted (n int);
        CREATE FUNCTION count_late() RETURNS trigger LANGUAGE plpgsql AS
          'BEGIN LOCK TABLE counted; RETURN NULL; END';
        CREATE CONSTRAINT TRIGGER count_late AFTER INSERT ON tickets_blocked
          DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION count_late();
        """)
      let count = try attempts(behind: "LOCK TABLE counted")
      #expect((2...300).contains(count), "\(count)")
    }
  }
}
