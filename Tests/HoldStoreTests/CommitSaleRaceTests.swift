import Holds
import Postgres
import Testing

@testable import HoldStore

extension ServerSuites {
  /// A confirm, or a limit, beside another session's transaction; each protection is also taken out, and missed.
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
      try database.expire()
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
      try database.run("CREATE TABLE returned (ticket_id text)")
      let failures = try database.runAtOnce(rounds: 100, tickets: 4) {
        (database, names, holdID, round) throws(PostgresError) in
        _ = try database.commit([
          .lock(LockRequest(ticketIDs: names, reservedSeconds: 60, holdID: holdID)),
          .confirm(
            ConfirmRequest(
              ticketIDs: Array(names.reversed().prefix(2)), orderID: "\(holdID.secret)-\(round)",
              holdID: holdID)),
          .release(ReleaseRequest(ticketIDs: [names[0]], holdID: holdID)),
        ])
        // One of those that are sold is for sale again.
        try database.connection.run(
          script: """
            WITH one AS (
              UPDATE tickets SET status = true WHERE ticket_id = 't\(round % 12)' AND NOT status
              RETURNING ticket_id)
            INSERT INTO returned SELECT ticket_id FROM one
            """, deadline: Database.patience)
      }
      // To lose a race is allowed, to deadlock is not.
      let races: [PostgresError.Code] = [.server(.uniqueViolation), .server(.serializationFailure)]
      #expect(failures.filter { !races.contains($0.code) } == [])
      let sold = try database.integer(
        "(SELECT count(*) FROM tickets WHERE NOT status) + (SELECT count(*) FROM returned)")
      #expect(try database.integer("SELECT count(*) FROM holdfast_sales") == sold && sold > 12)
    }
  }
}
