import Holds
import Testing

@testable import HoldStore

extension ServerSuites {
  /// Another program may enter holds that end as late as PostgreSQL can tell: no sum with such a time may
  /// overflow.
  @Suite struct FarFutureTests {
    private let database: Database

    init() throws {
      database = try Database()
      try database.addVenue(rows: 1, seats: 2)
      try database.run(
        """
        INSERT INTO tickets_blocked (ticket_id, locked_up, hold_key)
        VALUES ('E1-A-1-1', '294276-12-31 23:59:59+00', sha256('cart-1')),
               ('E1-A-1-2', '294276-12-31 23:59:59+00', NULL)
        """)
    }

    @Test func suchAHoldCountsAsOneOfAHundredYears() throws {
      let commit = try database.commit([
        .lock("E1-A-1-1", as: "cart-1"), .lock("E1-A-1-2"),
      ])
      let seconds: Int64 = 3_155_760_000
      #expect(
        commit.verdicts == [
          .decided(
            .granted(
              HoldGrant(
                expiresAtUnixMicroseconds: Int64(commit.decidedAt) + seconds * 1_000_000,
                expiresInSeconds: seconds))),
          .decided(
            .refused([
              UnavailableTicket(
                ticketID: "E1-A-1-2", reason: .held, availableInSeconds: seconds)
            ])),
        ])
    }

    @Test func theSeatsOfTheEventCanBeRead() throws {
      let look = try SeatLook(
        at: "E1", limit: 10, longestHoldSeconds: 7200, on: database.connection,
        deadline: Database.patience)
      #expect(look.states == [.held(until: .max - 1), .held(until: .max - 1)])
    }
  }
}
