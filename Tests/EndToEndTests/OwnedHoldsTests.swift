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
      "HOLDFAST_DEMO_TICKETS": "0", "HOLDFAST_MAX_HELD_TICKETS": "\(HoldModel.limit)",
    ]))
  struct OwnedHoldsTests {
    private let site: Site
    private let table: HoldTable
    private let http: HTTPConnection

    init() throws {
      site = try .ofSuite()
      table = HoldTable(database: try site.database())
      http = site.http()
      try table.clear()
      try table.learnChoices(by: http)
    }

    private func replay(_ count: Int) -> Comment {
      "after \(count) steps; HOLDFAST_TEST_SEED=\(SeededGenerator.seed) replays it"
    }

    @Test func aRandomHistoryIsTheModels() throws {
      print("seed of the history: \(SeededGenerator.seed)")
      var generator = SeededGenerator(seed: SeededGenerator.seed)
      let history = HoldHistory(http: http, table: table)
      for count in 0..<4000 {
        let step = ModelStep.random(using: &generator)
        let difference = try history.perform(step)
        try #require(difference == nil, "\(step): \(difference ?? ""); \(replay(count))")
      }
    }

    /// The same history without what keeps a repeated call from choosing again, or with holds that hold
    /// nothing: else the test above would prove nothing.
    @Test(arguments: [
      ("v_choice_held[v_pick] > v_kept", "false"),
      ("WHEN b.locked_up > v_now", "WHEN false AND b.locked_up > v_now"),
    ])
    func aHistoryOfAnotherCommitIsNotTheModels(part: String, other: String) throws {
      var generator = SeededGenerator(seed: SeededGenerator.seed)
      let history = HoldHistory(http: http, table: table)
      var difference: String?
      try CommitFunction(site).replacing([(part, other)]) {
        for _ in 0..<4000 where difference == nil {
          difference = try history.perform(.random(using: &generator))
        }
      }
      #expect(difference != nil)
    }

    /// - Parameter choosing: How many of the five ask for the best tickets.
    @Test(arguments: [0, 4])
    func everyBurstHasAnOrderThatExplainsIt(choosing: Int) throws {
      print("seed of the bursts: \(SeededGenerator.seed)")
      var generator = SeededGenerator(seed: SeededGenerator.seed &+ 1)
      let connections = (0..<5).map { _ in site.http() }
      for count in 0..<300 {
        for _ in 0..<3 {
          try table.apply(.random(using: &generator))
        }
        let burst = HoldBurst(
          requests: (0..<5).map { .randomRequest(isBest: $0 < choosing, using: &generator) })
        let difference = try burst.perform(on: site, table: table, connections: connections)
        try #require(difference == nil, "\(difference ?? ""); \(replay(count))")
      }
    }

    /// The same cart from two tabs: both win, whatever the order, and the later end stays.
    @Test func twoTabsOfOneCartBothGetTheTickets() throws {
      let port = site.httpPort
      for _ in 0..<50 {
        let statuses = try inParallel(2) { tab in
          try HTTPConnection(port: port).lock(
            ["O-1", "O-2"], seconds: tab == 0 ? 60 : 600, holdID: HoldTable.owners[0]
          ).status
        }
        #expect(statuses == [200, 200])
        let ends = try table.database.column(
          "SELECT round(extract(epoch FROM locked_up - date_created)) FROM tickets_blocked")
        #expect(ends == ["600", "600"])
        try http.release(["O-1", "O-2"], holdID: HoldTable.owners[0])
      }
    }

    /// Two carts that want the same: one has all of it, the other nothing.
    @Test func ofTwoCartsOneGetsTheTickets() throws {
      let port = site.httpPort
      for _ in 0..<50 {
        let statuses = try inParallel(2) { cart in
          try HTTPConnection(port: port).lock(
            cart == 0 ? ["O-1", "O-2", "O-3"] : ["O-3", "O-2", "O-4"],
            holdID: HoldTable.owners[cart]
          ).status
        }
        try #require(statuses.sorted() == [200, 400])
        let winner = statuses[0] == 200 ? 0 : 1
        let held = try table.database.run(
          "SELECT ticket_id, encode(hold_key, 'hex') FROM tickets_blocked ORDER BY 1")
        let owner = HoldTable.owners[winner]
        let tickets = winner == 0 ? ["O-1", "O-2", "O-3"] : ["O-2", "O-3", "O-4"]
        let key = try table.database.keys(of: [owner])[owner]
        #expect(held == tickets.map { [$0, key] })
        try http.release(tickets, holdID: owner)
      }
    }
  }
}
