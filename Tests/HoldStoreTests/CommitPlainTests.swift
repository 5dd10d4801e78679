import Holds
import Testing

@testable import HoldStore

extension ServerSuites {
  /// Batches in which nothing has to be decided one by one: each ticket is named once, and is free or its
  /// own cart's. What makes a batch another one is taken out, too.
  @Suite struct CommitPlainTests {
    private let database: Database

    init() throws {
      database = try Database(selling: ["a", "b", "c", "d", "e"])
    }

    @Test func locksAndConfirmsAreDoneTogether() throws {
      #expect(
        try database.outcomes(.lock("a", "c", as: "one"), .lock("e")) == ["granted", "granted"])
      #expect(
        try database.outcomes(
          .lock("b", seconds: 60, as: "two"), .confirm("c", "a", order: "1", as: "one"),
          .lock("d", seconds: 120), .confirm("e", order: "2"))
          == ["granted", "sold", "granted", "sold"])
      #expect(
        try database.texts(
          "SELECT order_id || ' ' || ticket_id FROM holdfast_sales JOIN tickets USING (ticket_id)"
            + " WHERE NOT status ORDER BY 1") == ["1 a", "1 c", "2 e"])
      #expect(
        try database.texts(
          "SELECT ticket_id || ' ' || (locked_up - date_created) FROM tickets_blocked ORDER BY 1")
          == ["b 00:01:00", "d 00:02:00"])
      let holds = try database.holds()
      #expect(holds["b"]?.holdID == "two" && holds["d"]?.holdID == nil)
    }

    // MARK: - Another's hold

    /// Confirms of a hold that is nobody's, by a cart, and of another cart's, which has one in the batch.
    private func confirmWhatIsAnothers() throws -> [String] {
      _ = try database.outcomes(.lock("a"), .lock("b", "c", as: "one"))
      return try database.outcomes(
        .confirm("a", order: "1", as: "two"), .confirm("b", order: "2", as: "one"),
        .confirm("c", order: "3", as: "two"))
    }

    @Test func anothersHoldIsNotSold() throws {
      #expect(try confirmWhatIsAnothers() == ["refused a held", "sold", "refused c held"])
    }

    /// Negative control.
    @Test func withoutALookAtTheOwnerItIsSold() throws {
      try database.takeOut(
        "b.hold_key IS NOT DISTINCT FROM p_hold_keys[p_owners[u.wants >> 3]]", insteadOf: "true")
      #expect(try confirmWhatIsAnothers() == ["sold", "sold", "sold"])
    }

    /// The same, of holds of which it is not known when they began, and that last longer than any may.
    private func confirmWhatHasNoBeginning() throws -> [String] {
      try database.run("ALTER TABLE tickets_blocked ALTER date_created DROP NOT NULL")
      _ = try database.outcomes(.lock("a", as: "one"), .lock("b", as: "two"))
      try database.run(
        "UPDATE tickets_blocked SET date_created = NULL, locked_up = now() + interval '1 day'")
      return try database.outcomes(
        .confirm("a", order: "1", as: "one"), .confirm("b", order: "2", as: "one"))
    }

    @Test func anothersHoldWithoutABeginningIsNotSold() throws {
      #expect(try confirmWhatHasNoBeginning() == ["sold", "refused b held"])
    }

    /// Negative control: an aggregate leaves out what is neither true nor false.
    @Test func whatIsNeitherTrueNorFalseCountsAsNot() throws {
      try database.takeOut(
        "b.locked_up > v_now + v_horizon)) IS TRUE),",
        insteadOf: "b.locked_up > v_now + v_horizon))),")
      #expect(try confirmWhatHasNoBeginning() == ["sold", "sold"])
    }

    // MARK: - Tickets in partitions

    /// Sells one ticket of each of two partitions, where each has a row in the same place, beside locks of
    /// two others in the same places.
    ///
    /// - Returns: What is sold.
    private func sellFromPartitions() throws -> [String] {
      try database.run(
        """
        ALTER TABLE tickets RENAME TO unpartitioned;
        CREATE TABLE tickets (LIKE unpartitioned INCLUDING DEFAULTS) PARTITION BY LIST (ticket_id);
        CREATE TABLE first PARTITION OF tickets FOR VALUES IN ('a', 'b');
        CREATE TABLE second PARTITION OF tickets FOR VALUES IN ('c', 'd');
        ALTER TABLE tickets ADD PRIMARY KEY (ticket_id);
        INSERT INTO tickets (ticket_id) VALUES ('a'), ('b'), ('c'), ('d');
        """)
      #expect(
        try database.outcomes(.lock("a", as: "one"), .lock("d", as: "one")) == [
          "granted", "granted",
        ])
      #expect(
        try database.outcomes(.lock("b"), .lock("c"), .confirm("a", "d", order: "1", as: "one"))
          == ["granted", "granted", "sold"])
      return try database.texts("SELECT ticket_id FROM tickets WHERE NOT status ORDER BY 1")
    }

    @Test func onlyWhatWasNamedIsSoldFromPartitions() throws {
      #expect(try sellFromPartitions() == ["a", "d"])
    }

    /// Negative control.
    @Test func byItsPlaceAloneAnotherTicketIsSold() throws {
      try database.takeOutCount()
      // It is made whenever a transaction has ended meanwhile, in whatever database, and would see the sale.
      try database.takeOut("v_snapshot <> pg_current_snapshot()::text", insteadOf: "false")
      try database.takeOut(
        "(ticket_id, place)\n       WHERE t.ctid = u.place AND t.ticket_id IS NOT DISTINCT FROM u.ticket_id;",
        insteadOf: "(ticket_id, place) WHERE t.ctid = u.place;")
      #expect(try sellFromPartitions() == ["a", "b", "c", "d"])
    }

    // MARK: - One order

    /// Two confirms of one order that name other tickets.
    private func confirmUnderOneOrder() throws -> [String] {
      _ = try database.outcomes(.lock("a", "b", as: "one"))
      return try database.outcomes(
        .confirm("a", order: "1", as: "one"), .confirm("b", order: "1", as: "one"))
    }

    @Test func anOrderIsSoldOnce() throws {
      #expect(try confirmUnderOneOrder() == ["sold", "another order"])
    }

    /// Negative control.
    @Test func withoutACountOfTheOrdersOneIsSoldTwice() throws {
      try database.takeOut("AND cardinality(p_orders) = cardinality(array_positions(p_kinds, 2))")
      #expect(try confirmUnderOneOrder() == ["sold", "sold"])
    }
  }
}
