import Holds
import Postgres
import Testing
import Threads

@testable import HoldStore

extension ServerSuites {
  /// A confirm beside another session's transaction; each protection is also taken out, and missed.
  @Suite struct CommitSaleRaceTests {
    private let database: Database
    private let other: Database

    init() throws {
      database = try Database()
      other = try Database(beside: database)
      try database.sell(["a", "b", "c", "d", "e", "f"])
      try database.run("SET lock_timeout = '20 s'")
    }

    /// What becomes of a batch that meets an open transaction of `other`, which then ends.
    ///
    /// - Returns: The outcomes, or the server's error code.
    private func commit(
      _ operations: [HoldOperation], limit: Int = 0, then end: String
    ) throws -> [String] {
      let answer = Monitor<[String]?>(nil)
      let thread = WorkerThread { [database] in
        var words: [String]
        do {
          words = try database.commit(operations, heldTicketLimit: limit).verdicts.map(
            Database.word)
        } catch let error as PostgresError {
          words = if case .server(let state) = error.code { [state.rawValue] } else { ["lost"] }
        } catch {
          words = ["\(error)"]
        }
        answer.withLock { $0 = words }
        answer.broadcast()
      }
      defer { thread.join() }
      let watch = try Database(beside: database)
      // Until it has been decided, or waits for the other transaction.
      let limit = Database.patience
      while answer.withLock({ $0 == nil }), try !watch.hasBlockedStatement() {
        guard Instant.now < limit else { break }
      }
      try other.run(end)
      return answer.wait(until: Database.patience) { $0 } ?? ["never answered"]
    }

    /// Has whatever row the ticket has by then locked, instead of the one that was found.
    private func lockWhateverRowThereIs() throws {
      try database.takeOut(
        "b.ctid = u.row AND b.ticket_id IS NOT DISTINCT FROM u.ticket_id",
        insteadOf: "b.ticket_id = u.ticket_id")
      try database.takeOut("WHERE s.row = s.row_now", insteadOf: "")
    }

    /// Has a commit wait after its first look until `other`, whose transaction is open now, ends.
    private func pauseBeforeLocks() throws {
      try database.takeOut(
        "-- Lock what may have to change.", insteadOf: "PERFORM pg_advisory_xact_lock(4711); --")
      try other.run("BEGIN; SELECT pg_advisory_xact_lock(4711)")
    }

    // MARK: - An expired hold

    /// A hold that has expired at the first look, and is another cart's before its row is locked.
    private func takeOverWhatIsRenewedMeanwhile() throws -> [String] {
      #expect(try database.outcomes(.lock("a", as: "one")) == ["granted"])
      try database.run("UPDATE tickets_blocked SET locked_up = now() - interval '1 s'")
      try pauseBeforeLocks()
      try other.run("UPDATE tickets_blocked SET locked_up = now() + interval '1 h'")
      return try commit([.lock("a", as: "two")], then: "COMMIT")
    }

    @Test func whatIsLockedIsLookedAtAgain() throws {
      #expect(try takeOverWhatIsRenewedMeanwhile() == ["refused a held"])
    }

    /// Negative control: without the second look, and when whatever row the ticket has by then is locked, a
    /// live hold goes to another cart.
    @Test func withoutTheSecondLookALiveHoldIsTakenOver() throws {
      try database.takeOut(
        "EXIT WHEN v_snapshot = pg_current_snapshot()::text;", insteadOf: "EXIT;")
      try lockWhateverRowThereIs()
      #expect(try takeOverWhatIsRenewedMeanwhile() == ["granted"])
    }

    // MARK: - A hold that another cart has by now

    /// A confirm whose own hold is another cart's before its row is locked.
    private func confirmWhatIsAnothersMeanwhile() throws -> [String] {
      #expect(try database.outcomes(.lock("a", as: "one")) == ["granted"])
      try pauseBeforeLocks()
      try other.run("UPDATE tickets_blocked SET hold_key = sha256('two')")
      return try commit([.confirm("a", order: "1", as: "one")], then: "COMMIT")
    }

    @Test func whatIsAnothersByNowIsNotSold() throws {
      #expect(try confirmWhatIsAnothersMeanwhile() == ["refused a held"])
    }

    /// Negative control: when whatever row the ticket has by then counts as locked, it is sold.
    @Test func withoutTheSameRowAnothersTicketIsSold() throws {
      try lockWhateverRowThereIs()
      #expect(try confirmWhatIsAnothersMeanwhile() == ["sold"])
    }

    // MARK: - A sale beside a lock and a confirm of one batch

    /// A lock of a ticket that is sold directly after it was found free. The confirm beside it needs rows
    /// to be locked, and they are as they were found, so that nothing is looked at again.
    private func lockBesideAConfirmWhatIsSoldMeanwhile() throws -> [String] {
      #expect(try database.outcomes(.lock("a", as: "one")) == ["granted"])
      try pauseBeforeLocks()
      try other.run("UPDATE tickets SET status = false WHERE ticket_id = 'c'")
      return try commit(
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
      try pauseBeforeLocks()
      let end = "CREATE TABLE resumed AS SELECT clock_timestamp() AS at; COMMIT"
      #expect(try commit([.lock("a", seconds: 600, as: "one")], then: end) == ["granted"])
      return try database.bool("locked_up >= at + interval '600 s' FROM tickets_blocked, resumed")
    }

    @Test func theClockIsReadAfterTheLocks() throws {
      #expect(try renewalLastsFromItsLocksOn())
    }

    /// Negative control: `now()` is when the transaction began.
    @Test func byTheTransactionsStartAHoldIsTooShort() throws {
      try database.takeOut("v_now := clock_timestamp();", insteadOf: "v_now := now();")
      #expect(try !renewalLastsFromItsLocksOn())
    }

    // MARK: - A renewal

    /// A lock that is refused at the first look, and whose obstacle is gone at the second: what it would
    /// renew has not been locked, and may be another cart's by now.
    @Test func whatWasRefusedAtFirstRenewsNoRowThatItHasNotLocked() throws {
      try database.run("SET lock_timeout = '5 s'")
      #expect(
        try database.outcomes(.lock("a", as: "one"), .lock("b", as: "two"), .lock("c"))
          == ["granted", "granted", "granted"])
      try pauseBeforeLocks()
      try other.run("DELETE FROM tickets_blocked WHERE ticket_id = 'b'")
      let owner = try Database(beside: database)
      try owner.run("BEGIN; SELECT FROM tickets_blocked WHERE ticket_id = 'a' FOR UPDATE")
      #expect(
        try commit([.lock("a", "b", as: "one"), .release("c")], then: "COMMIT")
          == ["deferred", "released"])
      try owner.run("ROLLBACK")
    }

    // MARK: - Another confirm

    private func confirmTwice() throws -> [String] {
      try other.run("BEGIN")
      #expect(try other.outcomes(.confirm("a", order: "1")) == ["sold"])
      return try commit([.confirm("a", order: "2")], then: "COMMIT")
    }

    @Test func aTicketIsSoldOnce() throws {
      #expect(try confirmTwice() == ["deferred"])
      #expect(try database.outcomes(.confirm("a", order: "2")) == ["refused a sold"])
    }

    /// Negative control: a confirm that looks and then updates oversells.
    @Test func withoutTheTicketsLockItIsSoldTwice() throws {
      try database.takeOut("FOR NO KEY UPDATE OF t SKIP LOCKED", insteadOf: "")
      #expect(try confirmTwice() == ["sold"])
      #expect(
        try database.integer("SELECT count(*) FROM holdfast_sales WHERE ticket_id = 'a'") == 2)
    }

    private func confirmOneOrderTwice() throws -> [String] {
      try other.run("BEGIN")
      #expect(try other.outcomes(.confirm("a", order: "1")) == ["sold"])
      return try commit([.confirm("b", order: "1")], then: "COMMIT")
    }

    @Test func anOrderIsSoldOnce() throws {
      #expect(try confirmOneOrderTwice() == ["deferred"])
      #expect(try database.outcomes(.confirm("b", order: "1")) == ["another order"])
    }

    /// Negative control.
    @Test func withoutItsLockAnOrderGetsTwoSetsOfTickets() throws {
      try database.takeOut(
        "SELECT pg_try_advisory_xact_lock(hashtextextended(o, 1))", insteadOf: "SELECT true")
      #expect(try confirmOneOrderTwice() == ["sold"])
      #expect(try database.integer("SELECT count(*) FROM holdfast_sales") == 2)
    }

    // MARK: - A lock

    private func lockDuringAConfirm(then end: String) throws -> [String] {
      try other.run("BEGIN")
      #expect(try other.outcomes(.confirm("a", order: "1")) == ["sold"])
      return try commit([.lock("a", "b")], then: end)
    }

    @Test func aLockWaitsForTheSaleAndSeesIt() throws {
      #expect(try lockDuringAConfirm(then: "COMMIT") == ["40001"])
      #expect(try database.outcomes(.lock("a", "b")) == ["refused a sold"])
    }

    @Test func aSaleThatIsRolledBackLeavesTheTicket() throws {
      #expect(try lockDuringAConfirm(then: "ROLLBACK") == ["granted"])
    }

    /// Negative control: without a row of its own the sale is not seen.
    @Test func withoutItsRowASoldTicketIsHeld() throws {
      try database.takeOut("AND (u.granted > 0 OR v_sold[u.i] > 0)", insteadOf: "AND u.granted > 0")
      #expect(try lockDuringAConfirm(then: "COMMIT") == ["granted"])
      #expect(try database.bool("NOT status FROM tickets WHERE ticket_id = 'a'"))
    }

    @Test func aConfirmThatLosesToALockIsDecidedAgain() throws {
      try other.run("BEGIN")
      #expect(try other.outcomes(.lock("a", as: "cart")) == ["granted"])
      #expect(try commit([.confirm("a", order: "1")], then: "COMMIT") == ["23505"])
      #expect(try database.outcomes(.confirm("a", order: "1")) == ["refused a held"])
      #expect(try database.bool("bool_and(status) FROM tickets"))
    }

    @Test func whoTakesOverAnExpiredHoldIsWaitedFor() throws {
      #expect(try database.outcomes(.lock("a", as: "cart")) == ["granted"])
      try database.run("UPDATE tickets_blocked SET locked_up = now() - interval '1 s'")
      try other.run("BEGIN")
      #expect(try other.outcomes(.lock("a")) == ["granted"])
      #expect(
        try commit([.confirm("a", order: "1", as: "cart")], then: "COMMIT") == ["deferred"])
      #expect(try database.outcomes(.confirm("a", order: "1", as: "cart")) == ["refused a held"])
    }

    // MARK: - A release, a renewal, a sweep, a sale in SQL

    @Test(arguments: [
      HoldOperation.release("a", as: "cart"), .lock("a", seconds: 900, as: "cart"),
    ])
    func theCartsOwnChangeIsWaitedFor(operation: HoldOperation) throws {
      #expect(try database.outcomes(.lock("a", as: "cart")) == ["granted"])
      try other.run("BEGIN")
      _ = try other.outcomes(operation)
      let confirm = HoldOperation.confirm("a", order: "1", as: "cart")
      #expect(try commit([confirm], then: "COMMIT") == ["deferred"])
      #expect(try database.outcomes(confirm) == ["sold"])
      #expect(try database.holds().isEmpty)
    }

    @Test func theCartsOwnChangeWaitsForTheSale() throws {
      #expect(try database.outcomes(.lock("a", as: "cart")) == ["granted"])
      try other.run("BEGIN")
      #expect(try other.outcomes(.confirm("a", order: "1", as: "cart")) == ["sold"])
      #expect(
        try commit(
          [.lock("a", as: "cart"), .release("a", as: "cart"), .lock("a")], then: "COMMIT")
          == ["deferred", "deferred", "deferred"])
      #expect(
        try database.outcomes(.lock("a", as: "cart"), .release("a", as: "cart"))
          == ["refused a sold", "released"])
    }

    @Test(arguments: ["COMMIT", "ROLLBACK"])
    func aSaleInSQLIsWaitedFor(end: String) throws {
      #expect(try database.outcomes(.lock("a", as: "cart")) == ["granted"])
      try other.run(
        """
        BEGIN;
        UPDATE tickets SET status = false WHERE ticket_id = 'a';
        DELETE FROM tickets_blocked WHERE ticket_id = 'a';
        """)
      let confirm = HoldOperation.confirm("a", order: "1", as: "cart")
      #expect(try commit([confirm], then: end) == ["deferred"])
      #expect(
        try database.outcomes(confirm) == [end == "COMMIT" ? "refused a sold" : "sold"])
    }

    // MARK: - The limit

    private func lockBeyondTheLimit() throws -> [String] {
      try other.run("BEGIN")
      #expect(
        try other.commit(
          [.lock(["a", "b"], as: "cart", shopper: "Ann")], heldTicketLimit: 3
        ).verdicts.map(Database.word) == ["granted"])
      return try commit(
        [.lock(["c", "d"], as: "cart"), .lock(["e", "f"], shopper: "Ann")], limit: 3,
        then: "COMMIT")
    }

    @Test func noRaceGetsPastTheLimit() throws {
      #expect(try lockBeyondTheLimit() == ["deferred", "deferred"])
    }

    /// Negative control: a limit that counts and then inserts is exceeded.
    @Test(arguments: [2, 3])
    func withoutItsLockTheLimitIsExceeded(kind: Int) throws {
      try database.takeOut(
        "SELECT pg_try_advisory_xact_lock(hashtextextended(\(kind == 2 ? "h" : "p"), \(kind)))",
        insteadOf: "SELECT true")
      #expect(
        try lockBeyondTheLimit()
          == (kind == 2 ? ["granted", "deferred"] : ["deferred", "granted"]))
    }

    // MARK: - Many at once

    @Test func manyBatchesNeverLockEachOtherAndSellEachTicketOnce() throws {
      let tickets = (0..<12).map { "t\($0)" }
      try database.sell(tickets)
      let failures = Monitor<[PostgresError]>([])
      let threads = try (0..<4).map { index in
        let database = try Database(beside: database)
        return WorkerThread {
          for round in 0..<100 {
            let names = Array(tickets.shuffled().prefix(4))
            let holdID = HoldID("cart-of-thread-\(index)")
            do throws(PostgresError) {
              _ = try database.commit([
                .lock(LockRequest(ticketIDs: names, reservedSeconds: 60, holdID: holdID)),
                .confirm(
                  ConfirmRequest(
                    ticketIDs: Array(names.reversed().prefix(2)), orderID: "\(index)-\(round)",
                    holdID: holdID)),
                .release(ReleaseRequest(ticketIDs: names, holdID: holdID)),
              ])
              if round % 10 == 0 {
                try database.connection.run(
                  script: "UPDATE tickets SET status = true WHERE ticket_id = 't\(round / 10)'",
                  deadline: Database.patience)
              }
            } catch {
              // To lose a race is allowed, to deadlock is not.
              if ![.server(.uniqueViolation), .server(.serializationFailure)].contains(error.code) {
                failures.withLock { $0.append(error) }
              }
            }
          }
        }
      }
      for thread in threads { thread.join() }
      #expect(failures.withLock { $0 } == [])
      #expect(try database.integer("SELECT count(*) FROM holdfast_sales") >= 12)
    }
  }
}
