import TestSupport
import Testing

extension EndToEnd {
  /// Holds with an owner: repeated, renewed, grown, released by their owner alone; against a model.
  ///
  /// One committer, so that requests that come together share batches.
  @Suite(
    "Owned holds",
    .site([
      "HOLDFAST_SWEEP_INTERVAL": "0", "HOLDFAST_COMMITTERS": "1", "HOLDFAST_POOL_SIZE": "2",
      "HOLDFAST_DEMO_TICKETS": "0", "HOLDFAST_MAX_HELD_TICKETS": "\(HoldHistory.limit)",
    ]))
  struct OwnedHoldsTests {
    private let site: Site
    private let database: Database
    private let http: HTTPConnection

    init() throws {
      site = try .ofSuite()
      database = try site.database()
      http = site.http()
      try database.run("TRUNCATE tickets, tickets_blocked, holdfast_sales")
      try site.addVenue("E1", rows: 3, seats: 4)
    }

    @Test func aRandomHistoryIsTheModels() throws {
      var history = try HoldHistory(site)
      for _ in 0..<4000 { try history.step() }
    }

    /// The same history without what keeps a repeated call from choosing again, or with holds that hold
    /// nothing: else the test above would prove nothing.
    @Test(arguments: [
      ("v_choice_held[v_pick] > v_kept", "false"),
      ("WHEN b.locked_up > v_now", "WHEN false AND b.locked_up > v_now"),
    ])
    func aHistoryOfAnotherCommitIsNotTheModels(part: String, other: String) throws {
      var history = try HoldHistory(site)
      try CommitFunction(site).replacing([(part, other)]) {
        #expect(throws: HoldModel.Difference.self) {
          for _ in 0..<4000 { try history.step() }
        }
      }
    }

    /// - Parameter choosing: How many of the five ask for the best tickets.
    @Test(arguments: [0, 4])
    func everyBurstHasAnOrderThatExplainsIt(choosing: Int) throws {
      var history = try HoldHistory(site, seed: SeededGenerator.seed &+ 1)
      let kinds = history.generator.kinds
      let connections = (0..<5).map { _ in site.http() }
      for _ in 0..<300 {
        try history.change()
        let operations = (0..<5).map { number in
          history.generator.kinds = number < choosing ? [.best] : kinds
          return history.generator.operation(on: history.model)
        }
        try history.burst(operations, on: connections)
      }
    }

    /// The same cart from two tabs: both win, whatever the order, and the later end stays.
    @Test func twoTabsOfOneCartBothGetTheTickets() throws {
      let port = site.httpPort
      for _ in 0..<50 {
        let statuses = try inParallel(2) { tab in
          try HTTPConnection(port: port).lock(
            ["E1-A-1-1", "E1-A-1-2"], seconds: tab == 0 ? 60 : 600, holdID: HoldHistory.carts[0]
          ).status
        }
        #expect(statuses == [200, 200])
        let ends = try database.column(
          "SELECT round(extract(epoch FROM locked_up - date_created)) FROM tickets_blocked")
        #expect(ends == ["600", "600"])
        try http.release(["E1-A-1-1", "E1-A-1-2"], holdID: HoldHistory.carts[0])
      }
    }

    /// Two carts that want the same: one has all of it, the other nothing.
    @Test func ofTwoCartsOneGetsTheTickets() throws {
      let port = site.httpPort
      let wanted = [[1, 2, 3], [3, 2, 4]].map { seats in seats.map { "E1-A-1-\($0)" } }
      for _ in 0..<50 {
        let statuses = try inParallel(2) { cart in
          try HTTPConnection(port: port).lock(
            wanted[cart], holdID: HoldHistory.carts[cart]
          ).status
        }
        try #require(statuses.sorted() == [200, 400])
        let winner = statuses[0] == 200 ? 0 : 1
        let held = try database.run(
          "SELECT ticket_id, encode(hold_key, 'hex') FROM tickets_blocked ORDER BY 1")
        let owner = HoldHistory.carts[winner]
        let tickets = wanted[winner].sorted()
        let key = try database.keys(of: [owner])[owner]
        #expect(held == tickets.map { [$0, key] })
        try http.release(tickets, holdID: owner)
      }
    }
  }
}
