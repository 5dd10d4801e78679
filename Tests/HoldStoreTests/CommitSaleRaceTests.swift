import Holds
import Postgres
import Testing
import Threads

@testable import HoldStore

extension ServerSuites {
  /// A confirm beside another session's transaction; each protection is also taken out, and missed.
  @Suite struct CommitSaleRaceTests {
    private let race: CommitRace
    private var database: Database { race.database }
    private var other: Database { race.other }

    init() throws { race = try CommitRace() }

    // MARK: - Another confirm

    private func confirmTwice() throws -> [String] {
      try other.run("BEGIN")
      #expect(try other.outcomes(.confirm("a", order: "1")) == ["sold"])
      return try race.commit([.confirm("a", order: "2")], then: "COMMIT")
    }

    @Test func aTicketIsSoldOnce() throws {
      #expect(try confirmTwice() == ["deferred"])
      #expect(try database.outcomes(.confirm("a", order: "2")) == ["refused a sold"])
    }

    /// Negative control: a confirm that looks and then updates oversells.
    @Test func withoutTheTicketsLockItIsSoldTwice() throws {
      try database.takeOut("FOR NO KEY UPDATE OF t SKIP LOCKED", insteadOf: "", places: 2)
      try database.takeOutCount()
      #expect(try confirmTwice() == ["sold"])
      #expect(
        try database.integer("SELECT count(*) FROM holdfast_sales WHERE ticket_id = 'a'") == 2)
    }

    private func confirmOneOrderTwice() throws -> [String] {
      try other.run("BEGIN")
      #expect(try other.outcomes(.confirm("a", order: "1")) == ["sold"])
      return try race.commit([.confirm("b", order: "1")], then: "COMMIT")
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
      return try race.commit([.lock("a", "b")], then: end)
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
      try database.takeOutCount()
      #expect(try lockDuringAConfirm(then: "COMMIT") == ["granted"])
      #expect(try database.bool("NOT status FROM tickets WHERE ticket_id = 'a'"))
    }

    @Test func aConfirmThatLosesToALockIsDecidedAgain() throws {
      try other.run("BEGIN")
      #expect(try other.outcomes(.lock("a", as: "cart")) == ["granted"])
      #expect(try race.commit([.confirm("a", order: "1")], then: "COMMIT") == ["23505"])
      #expect(try database.outcomes(.confirm("a", order: "1")) == ["refused a held"])
      #expect(try database.bool("bool_and(status) FROM tickets"))
    }

    @Test func whoTakesOverAnExpiredHoldIsWaitedFor() throws {
      #expect(try database.outcomes(.lock("a", as: "cart")) == ["granted"])
      try database.run("UPDATE tickets_blocked SET locked_up = now() - interval '1 s'")
      try other.run("BEGIN")
      #expect(try other.outcomes(.lock("a")) == ["granted"])
      #expect(
        try race.commit([.confirm("a", order: "1", as: "cart")], then: "COMMIT") == ["deferred"])
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
      #expect(try race.commit([confirm], then: "COMMIT") == ["deferred"])
      #expect(try database.outcomes(confirm) == ["sold"])
      #expect(try database.holds().isEmpty)
    }

    @Test func theCartsOwnChangeWaitsForTheSale() throws {
      #expect(try database.outcomes(.lock("a", as: "cart")) == ["granted"])
      try other.run("BEGIN")
      #expect(try other.outcomes(.confirm("a", order: "1", as: "cart")) == ["sold"])
      #expect(
        try race.commit(
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
      #expect(try race.commit([confirm], then: end) == ["deferred"])
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
      return try race.commit(
        [.lock(["c", "d"], as: "cart"), .lock(["e", "f"], shopper: "Ann")], limit: 3,
        then: "COMMIT")
    }

    @Test func noRaceGetsPastTheLimit() throws {
      #expect(try lockBeyondTheLimit() == ["deferred", "deferred"])
    }

    /// Negative control: a limit that counts and then inserts is exceeded.
    @Test(arguments: [
      ("encode(k, 'hex'), 2", ["granted", "deferred"]), ("p, 3", ["deferred", "granted"]),
    ])
    func withoutItsLockTheLimitIsExceeded(hashed: String, outcomes: [String]) throws {
      try database.takeOut(
        "SELECT pg_try_advisory_xact_lock(hashtextextended(\(hashed)))", insteadOf: "SELECT true")
      #expect(try lockBeyondTheLimit() == outcomes)
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
