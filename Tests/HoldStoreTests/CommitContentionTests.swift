import Holds
import Postgres
import TestSupport
import Testing

@testable import HoldStore

extension ServerSuites {
  /// A batch beside transactions that have its rows: it waits for none of them, and believes none
  /// of them before they have committed.
  @Suite struct CommitContentionTests {
    private let database: Database
    private let other: Database

    init() throws {
      database = try Database(selling: ["a", "b", "c"])
      other = try Database(beside: database)
      // Whoever waits where nothing may wait fails at once.
      try database.run("SET lock_timeout = '20 s'")
    }

    private func hold(_ ticketID: String) throws {
      try other.run(
        "BEGIN; SELECT FROM tickets_blocked WHERE ticket_id = '\(ticketID)' FOR UPDATE")
    }

    /// What becomes of a batch of which some need an expired row that is locked.
    private func commitBesideALockedRow() throws -> [String] {
      #expect(try database.outcomes(.lock("a", "b")) == ["granted"])
      try database.expire()
      try hold("a")
      return try database.outcomes(
        .lock("a"), .lock("c"), .lock("a", "b"), .lock("b"), .release("a"))
    }

    /// Negative control: a batch that does not skip the row waits for it, with all that it has.
    @Test func whenARowIsNotSkippedAllWaitForIt() throws {
      try database.takeOut(
        "FOR UPDATE OF b SKIP LOCKED", insteadOf: "FOR UPDATE OF b", places: 2)
      try database.run("SET lock_timeout = '200 ms'")
      #expect {
        try commitBesideALockedRow()
      } throws: {
        ($0 as? PostgresError)?.code == .server(.lockNotAvailable)
      }
    }

    @Test func anExpiredRowThatIsLockedPutsOffWhatNeedsItAndNothingElse() throws {
      #expect(
        try commitBesideALockedRow()
          == ["deferred", "granted", "deferred", "granted", "deferred"])
      try other.run("ROLLBACK")
      #expect(try database.outcomes(.lock("a"), .lock("b")) == ["granted", "refused b held"])
    }

    @Test func aLiveRowThatIsLockedRefusesAtOnce() throws {
      #expect(try database.outcomes(.lock("a"), .lock("b", as: "one")) == ["granted", "granted"])
      try hold("a")
      #expect(
        try database.outcomes(.lock("a"), .lock("a", as: "one"), .lock("b"))
          == ["refused a held", "refused a held", "refused b held"])
      try other.run("ROLLBACK")
    }

    @Test func whatMayChangeALiveRowWaitsForItsLock() throws {
      #expect(try database.outcomes(.lock("a"), .lock("b", as: "one")) == ["granted", "granted"])
      try hold("b")
      #expect(
        try database.outcomes(
          .lock("b", as: "one"), .release("b", as: "one"), .release("b", as: "two"), .release("a"))
          == ["deferred", "deferred", "deferred", "released"])
      try other.run("ROLLBACK")
      #expect(try database.outcomes(.release("b", as: "one")) == ["released"])
    }

    /// The nasty case: the hold has expired, and its owner's sale is about to commit.
    @Test func aSaleThatDeletesAnExpiredHoldWinsOverWhoeverWaitsForTheRow() throws {
      #expect(try database.outcomes(.lock("a", as: "one")) == ["granted"])
      try database.expire("a")
      try other.run(
        """
        BEGIN;
        DELETE FROM tickets_blocked WHERE ticket_id = 'a';
        UPDATE tickets SET status = false WHERE ticket_id = 'a';
        """)
      #expect(
        try database.outcomes(.lock("a"), .lock("a", "b", as: "two"), .lock("b"))
          == ["deferred", "deferred", "granted"])
      try other.run("COMMIT")
      #expect(try database.outcomes(.lock("a")) == ["refused a sold"])
    }

    /// Runs a batch that has to wait for somebody else's insert of "a", does something meanwhile, and
    /// then ends that other transaction.
    private func commit(
      _ operations: [HoldOperation], meanwhile: String, then end: String
    ) throws -> Result<[CommitVerdicts.Verdict], PostgresError> {
      try other.run(
        "BEGIN; INSERT INTO tickets_blocked (ticket_id, locked_up) VALUES ('a', now())")
      let commit = Background { [database] in
        Result { () throws(PostgresError) in try database.commit(operations).verdicts }
      }
      let third = try Database(beside: database)
      try third.waitForBlockedStatement()
      try third.run(meanwhile)
      try other.run(end)
      return try commit.value()
    }

    private func state(_ result: Result<[CommitVerdicts.Verdict], PostgresError>) -> String? {
      guard case .failure(let error) = result, case .server(let state) = error.code else {
        return nil
      }
      return state.rawValue
    }

    @Test func aSaleThatCommitsWhileABatchIsDecidedIsSeen() throws {
      let result = try commit(
        [.lock("a", "b")], meanwhile: "UPDATE tickets SET status = false WHERE ticket_id = 'b'",
        then: "ROLLBACK")
      #expect(state(result) == "40001")
      #expect(try database.holds().isEmpty)
      #expect(try database.outcomes(.lock("a", "b"), .lock("a")) == ["refused b sold", "granted"])
    }

    @Test func aChangeThatIsNoSaleIsNoReasonToStartAgain() throws {
      let result = try commit(
        [.lock("a", "b")],
        meanwhile: "UPDATE tickets SET event_name = 'renamed' WHERE ticket_id = 'b'",
        then: "ROLLBACK")
      #expect(state(result) == nil)
      #expect(try database.holds().keys.sorted() == ["a", "b"])
    }

    /// An adopted table may leave the status open; only a ticket whose status is true is for sale.
    @Test func aTicketWithoutAStatusIsNotForSale() throws {
      try database.run(
        """
        ALTER TABLE tickets ALTER status DROP NOT NULL;
        UPDATE tickets SET status = NULL WHERE ticket_id = 'b';
        """)
      #expect(
        try database.outcomes(.lock("b"), .lock("a", "b")) == ["refused b sold", "refused b sold"])
      let result = try commit(
        [.lock("a", "c")], meanwhile: "UPDATE tickets SET status = NULL WHERE ticket_id = 'c'",
        then: "ROLLBACK")
      #expect(state(result) == "40001")
    }

    @Test func whoeverLosesARaceToInsertFailsAsAWholeAndMayTryAgain() throws {
      let result = try commit(
        [.lock("b"), .lock("a")], meanwhile: "SELECT", then: "COMMIT")
      #expect(state(result) == "23505")
      #expect(try database.holds().keys.sorted() == ["a"])
      #expect(try database.outcomes(.lock("b"), .lock("a")) == ["granted", "granted"])
    }

    @Test func manyBatchesOnTheSameRowsNeverLockEachOther() throws {
      let failures = try database.runAtOnce(rounds: 150, tickets: 6) {
        (database, names, holdID, round) throws(PostgresError) in
        _ = try database.commit([
          .lock(LockRequest(ticketIDs: names, reservedSeconds: round % 2 == 0 ? 0.001 : 60)),
          .lock(LockRequest(ticketIDs: names, reservedSeconds: 60, holdID: holdID)),
          .release(ReleaseRequest(ticketIDs: names.suffix(3), holdID: holdID)),
        ])
      }
      // To lose a race is allowed, to deadlock is not.
      #expect(failures.filter { $0.code != .server(.uniqueViolation) } == [])
    }
  }
}
