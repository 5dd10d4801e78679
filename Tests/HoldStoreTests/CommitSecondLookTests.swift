import Holds
import Testing

@testable import HoldStore

extension ServerSuites {
  /// What changes after a batch was first looked at and before what it needs is locked; each protection is
  /// also taken out, and missed.
  @Suite struct CommitSecondLookTests {
    private let race: CommitRace
    private var database: Database { race.database }
    private var other: Database { race.other }

    init() throws { race = try CommitRace() }

    // MARK: - An expired hold

    /// A hold that has expired at the first look, and is another cart's before its row is locked.
    private func takeOverWhatIsRenewedMeanwhile() throws -> [String] {
      #expect(try database.outcomes(.lock("a", as: "one")) == ["granted"])
      try database.expire()
      try race.pauseBeforeLocks()
      try other.run("UPDATE tickets_blocked SET locked_up = now() + interval '1 h'")
      return try race.commit([.lock("a", as: "two")], then: "COMMIT")
    }

    @Test func whatIsLockedIsLookedAtAgain() throws {
      #expect(try takeOverWhatIsRenewedMeanwhile() == ["refused a held"])
    }

    /// Negative control: without the second look, and when whatever row the ticket has by then is locked, a
    /// live hold goes to another cart.
    @Test func withoutTheSecondLookALiveHoldIsTakenOver() throws {
      try database.takeOut(
        "EXIT WHEN v_snapshot = pg_current_snapshot()::text;", insteadOf: "EXIT;")
      try database.takeOutCount()
      try race.lockWhateverRowThereIs()
      #expect(try takeOverWhatIsRenewedMeanwhile() == ["granted"])
    }

    // MARK: - A hold that another cart has by now

    /// A confirm whose own hold is another cart's before its row is locked.
    private func confirmWhatIsAnothersMeanwhile() throws -> [String] {
      #expect(try database.outcomes(.lock("a", as: "one")) == ["granted"])
      try race.pauseBeforeLocks()
      try other.run("UPDATE tickets_blocked SET hold_key = sha256('two')")
      return try race.commit([.confirm("a", order: "1", as: "one")], then: "COMMIT")
    }

    @Test func whatIsAnothersByNowIsNotSold() throws {
      #expect(try confirmWhatIsAnothersMeanwhile() == ["refused a held"])
    }

    /// Negative control: when whatever row the ticket has by then counts as locked, it is sold.
    @Test func withoutTheSameRowAnothersTicketIsSold() throws {
      try race.lockWhateverRowThereIs()
      try database.takeOutCount()
      #expect(try confirmWhatIsAnothersMeanwhile() == ["sold"])
    }

    // MARK: - A sale beside a lock and a confirm of one batch

    /// A lock of a ticket that is sold directly after it was found free. The confirm beside it needs rows
    /// to be locked, and they are as they were found, so that nothing is looked at again.
    private func lockBesideAConfirmWhatIsSoldMeanwhile() throws -> [String] {
      #expect(try database.outcomes(.lock("a", as: "one")) == ["granted"])
      try race.pauseBeforeLocks()
      try other.run("UPDATE tickets SET status = false WHERE ticket_id = 'c'")
      return try race.commit(
        [.confirm("a", order: "1", as: "one"), .lock("c", as: "two")], then: "COMMIT")
    }

    @Test func whatIsSoldMeanwhileIsNotHeldBesideAConfirm() throws {
      #expect(try lockBesideAConfirmWhatIsSoldMeanwhile() == ["40001"])
      #expect(try database.holds().keys.sorted() == ["a"])
    }

    /// Negative control: without the look at what was granted, a sold ticket is held.
    @Test func withoutTheLastLookASoldTicketIsHeldBesideAConfirm() throws {
      try database.takeOut("v_is_plain AND u.wants & 1 = 1 OR", insteadOf: "")
      #expect(try lockBesideAConfirmWhatIsSoldMeanwhile() == ["sold", "granted"])
    }

    // MARK: - The clock

    /// Whether a renewal that had to wait before its locks lasts as long from then on as it asked for.
    private func renewalLastsFromItsLocksOn() throws -> Bool {
      #expect(try database.outcomes(.lock("a", seconds: 60, as: "one")) == ["granted"])
      try race.pauseBeforeLocks()
      let end = "CREATE TABLE resumed AS SELECT clock_timestamp() AS at; COMMIT"
      #expect(try race.commit([.lock("a", seconds: 600, as: "one")], then: end) == ["granted"])
      return try database.bool("locked_up >= at + interval '600 s' FROM tickets_blocked, resumed")
    }

    @Test func theClockIsReadAfterTheLocks() throws {
      #expect(try renewalLastsFromItsLocksOn())
    }

    /// Negative control: `now()` is when the transaction began.
    @Test func byTheTransactionsStartAHoldIsTooShort() throws {
      try database.takeOut(
        "v_now := clock_timestamp();", insteadOf: "v_now := now();", places: 2)
      #expect(try !renewalLastsFromItsLocksOn())
    }

    /// What becomes of a ticket whose hold has expired, and which another cart gets for as long as a hold
    /// may last after the commit's clock was read, and before it is looked at.
    private func takeWhatIsAnothersSinceTheClock(_ operation: HoldOperation) throws -> [String] {
      #expect(try database.outcomes(.lock("a", as: "one")) == ["granted"])
      try database.expire()
      let clock = "v_snapshot := pg_current_snapshot()::text;"
      try database.takeOut(
        clock, insteadOf: "PERFORM pg_advisory_xact_lock(4711); \(clock)", places: 2)
      try other.run("BEGIN; SELECT pg_advisory_xact_lock(4711)")
      return try race.commit(
        [operation],
        then: """
          UPDATE tickets_blocked SET hold_key = sha256('two'), date_created = clock_timestamp(),
                                     locked_up = clock_timestamp() + interval '7200 s';
          COMMIT
          """)
    }

    @Test(arguments: [HoldOperation.lock("a", as: "one"), .confirm("a", order: "1", as: "one")])
    func theLongestHoldThatBeganAfterTheClockWasReadIsLive(operation: HoldOperation) throws {
      #expect(try takeWhatIsAnothersSinceTheClock(operation) == ["refused a held"])
    }

    /// Negative control: without the minute it counts as one from the future, which has expired.
    @Test(arguments: [HoldOperation.lock("a", as: "one"), .confirm("a", order: "1", as: "one")])
    func withoutTheMinuteItIsTakenOver(operation: HoldOperation) throws {
      try database.takeOut(" + interval '1 minute'")
      // When any other session's transaction ends, the clock is read once more.
      try database.takeOut(
        "EXIT WHEN v_snapshot = pg_current_snapshot()::text;", insteadOf: "EXIT;")
      #expect(try takeWhatIsAnothersSinceTheClock(operation) != ["refused a held"])
    }

    // MARK: - A renewal

    /// A lock that is refused at the first look, and whose obstacle is gone at the second: what it would
    /// renew has not been locked, and may be another cart's by now.
    @Test func whatWasRefusedAtFirstRenewsNoRowThatItHasNotLocked() throws {
      try database.run("SET lock_timeout = '5 s'")
      #expect(
        try database.outcomes(.lock("a", as: "one"), .lock("b", as: "two"), .lock("c"))
          == ["granted", "granted", "granted"])
      try race.pauseBeforeLocks()
      try other.run("DELETE FROM tickets_blocked WHERE ticket_id = 'b'")
      let owner = try Database(beside: database)
      try owner.run("BEGIN; SELECT FROM tickets_blocked WHERE ticket_id = 'a' FOR UPDATE")
      #expect(
        try race.commit([.lock("a", "b", as: "one"), .release("c")], then: "COMMIT")
          == ["deferred", "released"])
      try owner.run("ROLLBACK")
    }
  }
}
