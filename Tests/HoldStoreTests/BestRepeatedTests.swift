import Holds
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

    private func rows() throws -> Int {
      try database.integer("SELECT count(*) FROM tickets_blocked")
    }

    @Test func aRepeatRenewsWhatWasChosen() throws {
      let call = HoldOperation.best(2, seconds: 60, as: Self.cart)
      var first: [String]?
      try HoldStore.run(settings) { store throws in
        first = try store.chosen(call)
        #expect(first == ["E1-A-1-3", "E1-A-1-4"])
        #expect(try store.chosen(call) == first)
        // Another call of the cart, another cart's, and one without a cart choose for themselves.
        #expect(try store.chosen(.best(1, as: Self.cart)) == ["E1-A-1-2"])
        #expect(try store.chosen(.best(2, as: Self.cart + "x")) == ["E1-A-1-5", "E1-A-1-6"])
        #expect(try store.chosen(.best(2)) == ["E1-A-2-3", "E1-A-2-4"])
        try database.run("UPDATE tickets_blocked SET locked_up = now() + interval '5 s'")
        #expect(try store.chosen(call) == first)
        #expect(
          try database.integer(
            "SELECT count(*) FROM tickets_blocked WHERE locked_up > now() + interval '50 s'") == 2)
      }
      // After a restart, too.
      try HoldStore.run(settings) { store throws in
        #expect(try store.chosen(call) == first)
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
        let first = try store.chosen(call)
        #expect(first?.count == 20)
        #expect(try store.chosen(.best(4))?.count == 4)
        #expect(try store.chosen(call) == first)
        #expect(try store.outcome(.best(1, as: Self.cart)) == .notEnough(free: 0))
      }
    }

    @Test func whatWasLostIsChosenAnewBesideTheRest() throws {
      try HoldStore.run(settings) { store throws in
        let call = HoldOperation.best(3, as: Self.cart)
        #expect(try store.chosen(call) == ["E1-A-1-2", "E1-A-1-3", "E1-A-1-4"])
        try database.run("DELETE FROM tickets_blocked WHERE ticket_id = 'E1-A-1-4'")
        #expect(try store.outcome(.lock("E1-A-1-4")).isGranted)
        #expect(try store.chosen(call) == ["E1-A-1-1", "E1-A-1-2", "E1-A-1-3"])
        #expect(try rows() == 4)
        #expect(try store.chosen(call) == ["E1-A-1-1", "E1-A-1-2", "E1-A-1-3"])
        // All of it expired: another choice.
        try database.expire()
        #expect(try store.chosen(call)?.count == 3)
      }
    }

    @Test func theLimitCountsWhatIsNew() throws {
      try HoldStore.run(settings.with { $0.heldTicketLimit = 3 }) { store throws in
        let call = HoldOperation.best(2, as: Self.cart)
        let first = try store.chosen(call)
        #expect(try store.chosen(call) == first)
        #expect(try store.outcome(.best(3, as: Self.cart)) == .overLimit(limit: 3, held: 2))
        // What it would have had is free for the next.
        #expect(try store.chosen(.best(3))?.count == 3)
        #expect(try rows() == 5)
      }
    }
  }
}
