import Holds
import TestSupport
import Testing

@testable import HoldStore

extension ServerSuites {
  /// Operations that share a commit, decided in their order of arrival.
  @Suite struct CommitBatchTests {
    private let database: Database

    init() throws {
      database = try Database(selling: ["a", "b", "c", "d", "e"])
    }

    @Test func theFirstToArriveGetsTheTicket() throws {
      #expect(
        try database.outcomes(.lock("b", "a"), .lock("a", "c"), .lock("c"))
          == ["granted", "refused a held", "granted"])
      #expect(try database.holds().keys.sorted() == ["a", "b", "c"])
    }

    /// What becomes of a lock that is refused, and of two that want what it could not have.
    private func lockBehindARefusal() throws -> [String] {
      #expect(try database.outcomes(.lock("c")) == ["granted"])
      return try database.outcomes(.lock("a", "b", "c", "d"), .lock("a"), .lock("b", "d"))
    }

    @Test func aRefusedRequestTakesNothingFromThoseBehindIt() throws {
      #expect(try lockBehindARefusal() == ["refused c held", "granted", "granted"])
    }

    /// Negative control: a request that is refused, and takes what was free all the same.
    @Test func aRefusedRequestThatTakesWhatWasFreeIsSeen() throws {
      let reason = "WHEN 9 THEN 0 WHEN 5 THEN 4 ELSE v_state[i] END;"
      try database.takeOut(
        reason,
        insteadOf: reason
          + "IF v_state[i] = 0 THEN v_state[i] := 2; v_grant[i] := v_operation; END IF;")
      #expect(
        try lockBehindARefusal() == ["refused c held", "refused a held", "refused b held, d held"])
    }

    @Test func aRefusalNamesEveryUnavailableTicketInTheCallersOrder() throws {
      try database.run("UPDATE tickets SET status = false WHERE ticket_id = 'd'")
      #expect(try database.outcomes(.lock("b", seconds: 100)) == ["granted"])
      let batch = try database.commit([
        .lock("c", seconds: 200.25), .lock("e", "nowhere", "d", "c", "b", "a"),
      ])
      guard case .decided(.refused(let tickets)) = batch.verdicts[1] else {
        Issue.record("not refused: \(batch.verdicts)")
        return
      }
      #expect(tickets.map(\.ticketID) == ["nowhere", "d", "c", "b"])
      #expect(tickets.map(\.reason) == [.unknown, .sold, .held, .held])
      #expect(tickets.map { $0.availableInSeconds == nil } == [true, true, false, false])
      #expect(tickets[2].availableInSeconds == 201)
      // Rounded up, and some of its time has gone by.
      #expect((1...100).contains(tickets[3].availableInSeconds ?? 0))
      #expect(try database.holds().keys.sorted() == ["b", "c"])
    }

    @Test func aGrantTellsItsEndByTheDatabasesClock() throws {
      let batch = try database.commit([.lock("a", "b", seconds: 90.5)])
      #expect(
        batch.verdicts == [
          .decided(
            .granted(
              HoldGrant(
                expiresAtUnixMicroseconds: Int64(batch.decidedAt + 90_500_000),
                expiresInSeconds: 90)))
        ])
      let expected = HoldRow(until: batch.decidedAt + 90_500_000, created: batch.decidedAt)
      #expect(try database.holds() == ["a": expected, "b": expected])
    }

    @Test func lockReleaseLockOfOneTicketInOneBatch() throws {
      let batch = try database.commit([
        .lock("a", seconds: 100), .lock("a"), .release("a"), .lock("a", seconds: 200), .lock("a"),
      ])
      #expect(batch.verdicts.count == 5)
      #expect(
        try database.holds()
          == ["a": HoldRow(until: batch.decidedAt + 200_000_000, created: batch.decidedAt)])
      // The same once more, on a row that is there already.
      #expect(
        try database.outcomes(
          .release("a"), .lock("a", as: "cart"), .release("a", as: "cart"), .lock("a"), .lock("a"))
          == ["released", "granted", "released", "granted", "refused a held"])
      #expect(try database.holds()["a"]?.holdID == nil)
      #expect(try database.outcomes(.lock("b"), .release("b")) == ["granted", "released"])
      #expect(try database.outcomes(.release("a"), .release("a")) == ["released", "released"])
      #expect(try database.holds().isEmpty)
    }

    @Test func anExpiredHoldHoldsNothingAndBeginsAnewForItsNextOwner() throws {
      #expect(try database.outcomes(.lock("a", as: "one"), .lock("b")) == ["granted", "granted"])
      try database.run(
        """
        UPDATE tickets_blocked SET locked_up = now() - interval '1 second',
                                   date_created = now() - interval '1 hour'
        """)
      let batch = try database.commit([.lock("a", "b", seconds: 60, as: "two")])
      let expected = HoldRow(
        until: batch.decidedAt + 60_000_000, created: batch.decidedAt, holdID: "two")
      #expect(try database.holds() == ["a": expected, "b": expected])
    }

    @Test func holdsWithoutAnEndOrABeginning() throws {
      try database.run(
        """
        INSERT INTO tickets_blocked (ticket_id, locked_up, date_created, hold_key) VALUES
          ('a', 'infinity', now(), NULL), ('b', '-infinity', '-infinity', NULL),
          ('c', 'infinity', '-infinity', sha256('cart')), ('d', now() + interval '60 s', 'infinity', sha256('cart'))
        """)
      #expect(
        try database.outcomes(.lock("a"), .lock("b"), .lock("c"), .lock("c", "d", as: "cart"))
          == ["refused a held", "granted", "refused c held", "granted"])
      #expect(try database.bool("isfinite(locked_up) FROM tickets_blocked WHERE ticket_id = 'b'"))
      #expect(
        try database.bool("locked_up = 'infinity' FROM tickets_blocked WHERE ticket_id = 'c'"))
      #expect(
        try database.outcomes(.release("a"), .release("c", "d", as: "cart"), .lock("a", "c", "d"))
          == ["released", "released", "granted"])
    }

    @Test func differentlyComposedAccentsAreDifferentTickets() throws {
      try database.sell(["caf\u{e9}", "cafe\u{301}"])
      let verdicts = try database.outcomes(
        .lock("caf\u{e9}"), .lock("cafe\u{301}"), .lock("caf\u{e9}"))
      #expect(verdicts[0...1] == ["granted", "granted"])
      #expect(verdicts[2].hasPrefix("refused"))
      #expect(try database.integer("SELECT count(*) FROM tickets_blocked") == 2)
    }

    @Test func aSoldTicketIsReleasedButNeverHeldAgain() throws {
      #expect(try database.outcomes(.lock("a", as: "cart")) == ["granted"])
      try database.run("UPDATE tickets SET status = false WHERE ticket_id = 'a'")
      #expect(
        try database.outcomes(
          .lock("a", as: "cart"), .release("a", as: "cart"), .lock("a", as: "cart"))
          == ["refused a sold", "released", "refused a sold"])
      #expect(try database.holds().isEmpty)
    }
  }
}
