import Holds
import Testing

@testable import HoldStore

extension ServerSuites {
  /// From hold to sale: what a confirm takes, what it writes, and by which order it is repeated.
  @Suite struct CommitConfirmTests {
    private let database: Database
    private let other: Database

    init() throws {
      database = try Database(selling: ["a", "b", "c", "d"])
      other = try Database(beside: database)
      // Whoever waits where nothing may wait fails.
      try database.run("SET lock_timeout = '20 s'")
    }

    private func sold() throws -> [String] {
      try database.texts("SELECT ticket_id FROM tickets WHERE NOT status ORDER BY 1")
    }

    private func sales() throws -> [String] {
      try database.texts("SELECT order_id || ' ' || ticket_id FROM holdfast_sales ORDER BY 1")
    }

    @Test func aCartIsSold() throws {
      try database.run("UPDATE tickets SET date_updated = '2001-01-01'")
      #expect(
        try database.outcomes(.lock("b", "a", as: "cart"), .lock("c", as: "other"))
          == ["granted", "granted"])
      #expect(try database.outcomes(.confirm("b", "a", order: "A-1", as: "cart")) == ["sold"])
      #expect(try sold() == ["a", "b"])
      #expect(try sales() == ["A-1 a", "A-1 b"])
      #expect(try database.holds().keys.sorted() == ["c"])
      #expect(
        try database.texts(
          "SELECT ticket_id FROM tickets WHERE date_updated > now() - interval '1 h' ORDER BY 1")
          == ["a", "b"])
      #expect(
        try database.bool(
          "bool_and(sold_at BETWEEN now() - interval '1 h' AND clock_timestamp())"
            + " FROM holdfast_sales"))
      #expect(try database.outcomes(.lock("a")) == ["refused a sold"])
    }

    @Test func itIsRepeatedByItsOrder() throws {
      #expect(try database.outcomes(.confirm("a", "b", order: "A-1")) == ["sold"])
      let before = try database.texts("SELECT xmin::text FROM tickets ORDER BY ticket_id")
      #expect(
        try database.outcomes(
          .confirm("b", "a", order: "A-1"), .confirm("a", order: "A-1"),
          .confirm("a", "b", "c", order: "A-1"), .confirm("c", "d", order: "A-1"),
          .confirm("a", "b", order: "A-2"))
          == ["sold", "another order", "another order", "another order", "refused a sold, b sold"])
      #expect(try database.texts("SELECT xmin::text FROM tickets ORDER BY ticket_id") == before)
    }

    @Test func aRepeatInTheSameBatchIsOne() throws {
      #expect(
        try database.outcomes(
          .confirm("a", "x", order: "A-1"), .confirm("b", "a", order: "A-1"),
          .confirm("a", "b", order: "A-1"), .confirm("a", order: "A-1"),
          .confirm("c", order: "A-1"))
          == ["refused x unknown", "sold", "sold", "another order", "another order"])
      #expect(try sales() == ["A-1 a", "A-1 b"])
    }

    @Test func ordersAreToldApartByTheirBytes() throws {
      #expect(
        try database.outcomes(
          .confirm("a", order: "caf\u{e9}"), .confirm("b", order: "cafe\u{301}"))
          == ["sold", "sold"])
    }

    /// A live hold is sold by who made it; one without a `hold_id` by whoever has none either.
    @Test func aLiveHoldIsItsOwners() throws {
      #expect(
        try database.outcomes(.lock("a", as: "cart"), .lock("b"), .lock("c", as: "other"))
          == ["granted", "granted", "granted"])
      #expect(
        try database.outcomes(
          .confirm("a", "d", order: "1"), .confirm("b", "c", order: "2", as: "cart"),
          .confirm("a", "b", "c", "nowhere", order: "3", as: "other"))
          == [
            "refused a held", "refused b held, c held",
            "refused a held, b held, nowhere unknown",
          ])
      #expect(try sold() == [] && sales() == [])
      #expect(
        try database.outcomes(
          .confirm("a", order: "1", as: "cart"), .confirm("b", order: "2"),
          .confirm("d", "c", order: "3", as: "other")) == ["sold", "sold", "sold"])
      #expect(try database.holds().isEmpty)
    }

    @Test(arguments: [false, true])
    func aBatchIsDecidedInItsOrder(isStrict: Bool) throws {
      #expect(
        try database.outcomes(
          .lock("a", "b", as: "cart"), .confirm("a", order: "1", as: "other"),
          .confirm("a", order: "2", as: "cart"), .lock("a", as: "cart"),
          .release("a", as: "cart"), .lock("a", "c"), .lock("c"), .confirm("c", order: "3"),
          .confirm("d", order: "4"), .lock("d", as: "cart"),
          .release("b", as: "cart"), .confirm("b", order: "5"), isStrict: isStrict)
          == [
            "granted", "refused a held", "sold", "refused a sold", "released", "refused a sold",
            "granted", "sold", "sold", "refused d sold", "released", "sold",
          ])
      #expect(try sold() == ["a", "b", "c", "d"])
      #expect(try database.holds().isEmpty)
    }

    @Test func aLatePaymentKeepsASeatThatNobodyTook() throws {
      #expect(try database.outcomes(.lock("a", "b", as: "cart")) == ["granted"])
      try database.expire()
      #expect(try database.outcomes(.lock("b", as: "other")) == ["granted"])
      #expect(
        try database.outcomes(
          .confirm("a", "b", order: "1", as: "cart"), .confirm("a", order: "1", as: "cart"))
          == ["refused b held", "sold"])
      #expect(try database.holds().keys.sorted() == ["b"])
    }

    @Test func aTicketThatIsOnSaleAgainIsSoldAgain() throws {
      #expect(try database.outcomes(.confirm("a", order: "1")) == ["sold"])
      try database.run("UPDATE tickets SET status = true")
      #expect(
        try database.outcomes(.confirm("a", order: "1"), .confirm("a", order: "2"))
          == ["sold", "sold"])
      #expect(try sales() == ["1 a", "2 a"])
    }

    @Test func aTicketThatIsSoldButHeldIsNotSoldTwice() throws {
      #expect(try database.outcomes(.lock("a", as: "cart")) == ["granted"])
      try database.run("UPDATE tickets SET status = false WHERE ticket_id = 'a'")
      #expect(
        try database.outcomes(.confirm("a", order: "1", as: "cart")) == ["refused a sold"])
    }

    /// Withheld from online sale: that keeps new holds away, not those who have paid.
    @Test func aWithheldTicketIsSoldToItsHolder() throws {
      #expect(try database.outcomes(.lock("a", as: "cart"), .lock("b")) == ["granted", "granted"])
      try database.run(
        "ALTER TABLE tickets ADD status_offline boolean; UPDATE tickets SET status_offline = true")
      try database.migrate()
      #expect(
        try database.outcomes(
          .lock("a", as: "cart"), .lock("c"), .confirm("b", order: "0", as: "cart"),
          .release("b"), .lock("b"), .confirm("a", order: "1", as: "cart"),
          .confirm("c", order: "2"))
          == [
            "refused a withheld", "refused c withheld", "refused b held", "released",
            "refused b withheld", "sold", "sold",
          ])
    }

    @Test func whatAnotherTransactionHasLockedDefersAndNothingWaits() throws {
      #expect(try database.outcomes(.lock("a", as: "cart")) == ["granted"])
      try other.run("BEGIN; SELECT FROM tickets WHERE ticket_id = 'a' FOR UPDATE")
      #expect(
        try database.outcomes(
          .confirm("a", order: "1", as: "cart"), .confirm("b", order: "2"), .lock("c"))
          == ["deferred", "sold", "granted"])
      try other.run("ROLLBACK; BEGIN; SELECT FROM tickets_blocked FOR UPDATE")
      #expect(try database.outcomes(.confirm("a", order: "1", as: "cart")) == ["deferred"])
      try other.run("ROLLBACK")
      #expect(try database.outcomes(.confirm("a", order: "1", as: "cart")) == ["sold"])
    }

    @Test func aForeignKeyOfTheShopsDoesNotDefer() throws {
      try database.run("CREATE TABLE lines (ticket_id text REFERENCES tickets)")
      try other.run("BEGIN; INSERT INTO lines VALUES ('a')")
      #expect(try database.outcomes(.confirm("a", order: "1")) == ["sold"])
      try other.run("COMMIT")
    }

    @Test func anOrderIsDecidedByOneTransactionAtATime() throws {
      try other.run("BEGIN")
      #expect(try other.outcomes(.confirm("a", order: "1")) == ["sold"])
      #expect(
        try database.outcomes(
          .confirm("a", order: "1"), .confirm("b", order: "1"), .confirm("b", order: "2"))
          == ["deferred", "deferred", "sold"])
      try other.run("COMMIT")
      #expect(
        try database.outcomes(.confirm("a", order: "1"), .confirm("c", order: "1"))
          == ["sold", "another order"])
    }
  }
}
