import Holds
import TestSupport
import Testing

@testable import HoldStore

extension ServerSuites {
  /// The same call for the best tickets again: it renews what it chose, and takes nothing else.
  @Suite struct BestRepeatedTests {
    private static let cart = "0123456789abcdef"

    private let database: Database
    private let settings: HoldStoreSettings

    init() throws {
      database = try Database()
      settings = .patient(database.conninfo)
      try database.addVenue(rows: 4, seats: 6)
    }

    private func chosen(_ operation: HoldOperation, by store: HoldStore) throws -> [String]? {
      try Answers.outcome(of: operation, by: store).chosen
    }

    private func rows() throws -> Int {
      try database.integer("SELECT count(*) FROM tickets_blocked")
    }

    @Test func aRepeatRenewsWhatWasChosen() throws {
      let call = HoldOperation.best(2, seconds: 60, as: Self.cart)
      var first: [String]?
      try HoldStore.run(settings) { store throws in
        first = try chosen(call, by: store)
        #expect(first == ["E1-A-1-3", "E1-A-1-4"])
        #expect(try chosen(call, by: store) == first)
        // Another call of the cart, another cart's, and one without a cart choose for themselves.
        #expect(try chosen(.best(1, as: Self.cart), by: store) == ["E1-A-1-2"])
        #expect(try chosen(.best(2, as: Self.cart + "x"), by: store) == ["E1-A-1-5", "E1-A-1-6"])
        #expect(try chosen(.best(2), by: store) == ["E1-A-2-3", "E1-A-2-4"])
        try database.run("UPDATE tickets_blocked SET locked_up = now() + interval '5 s'")
        #expect(try chosen(call, by: store) == first)
        #expect(
          try database.integer(
            "SELECT count(*) FROM tickets_blocked WHERE locked_up > now() + interval '50 s'") == 2)
      }
      // After a restart, too.
      try HoldStore.run(settings) { store throws in
        #expect(try chosen(call, by: store) == first)
        #expect(try rows() == 7)
      }
    }

    @Test func repeatsAtTheSameTimeGetTheSame() throws {
      var settings = settings
      settings.committers = 3
      settings.overlapAfterMilliseconds = 0
      let stores = (0..<2).map { _ in HoldStore(settings: settings) { _ in } }
      defer { for store in stores { store.stop() } }
      for round in 0..<10 {
        let answers = Answers()
        for number in 0..<12 {
          answers.submit(
            .best(2, as: Self.cart + "\(round)"), as: number, to: stores[number / 3 % 2])
        }
        let found = try answers.wait(for: 12).values.map(\.chosen)
        #expect(Set(found).count == 1 && found[0]?.count == 2, "\(found)")
        #expect(try rows() == 2 * (round + 1))
      }
    }

    /// An event without a free seat: the repeat is served, and only another call refused.
    @Test func aRepeatIsServedWhenNothingIsFree() throws {
      try HoldStore.run(settings) { store throws in
        let call = HoldOperation.best(20, as: Self.cart)
        let first = try chosen(call, by: store)
        #expect(first?.count == 20)
        #expect(try chosen(.best(4), by: store)?.count == 4)
        #expect(try chosen(call, by: store) == first)
        #expect(try Answers.outcome(of: .best(1, as: Self.cart), by: store) == .notEnough(free: 0))
      }
    }

    @Test func whatWasLostIsChosenAnewBesideTheRest() throws {
      try HoldStore.run(settings) { store throws in
        let call = HoldOperation.best(3, as: Self.cart)
        #expect(try chosen(call, by: store) == ["E1-A-1-2", "E1-A-1-3", "E1-A-1-4"])
        try database.run("DELETE FROM tickets_blocked WHERE ticket_id = 'E1-A-1-4'")
        #expect(try Answers.outcome(of: .lock("E1-A-1-4"), by: store).isGranted)
        #expect(try chosen(call, by: store) == ["E1-A-1-1", "E1-A-1-2", "E1-A-1-3"])
        #expect(try rows() == 4)
        #expect(try chosen(call, by: store) == ["E1-A-1-1", "E1-A-1-2", "E1-A-1-3"])
        // All of it expired: another choice.
        try database.run("UPDATE tickets_blocked SET locked_up = now() - interval '1 s'")
        #expect(try chosen(call, by: store)?.count == 3)
      }
    }

    @Test func theLimitCountsWhatIsNew() throws {
      var settings = settings
      settings.heldTicketLimit = 3
      try HoldStore.run(settings) { store throws in
        let call = HoldOperation.best(2, as: Self.cart)
        let first = try chosen(call, by: store)
        #expect(try chosen(call, by: store) == first)
        #expect(
          try Answers.outcome(of: .best(3, as: Self.cart), by: store)
            == .overLimit(limit: 3, held: 2))
        // What it would have had is free for the next.
        #expect(try chosen(.best(3), by: store)?.count == 3)
        #expect(try rows() == 5)
      }
    }
  }
}
