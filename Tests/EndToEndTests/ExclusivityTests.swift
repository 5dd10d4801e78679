import TestSupport
import Testing

extension EndToEnd {
  /// At most one live hold per ticket, all or nothing, and true refusals: for 64 clients that fight
  /// over a few tickets, at two instances with four committers each.
  @Suite("Exclusivity")
  struct ExclusivityTests {
    // As much happens side by side as can, and whoever waits in a circle is found out before the
    // lock timeout hides it.
    private static let settings = [
      "HOLDFAST_INSTANCES": "2", "HOLDFAST_COMMITTERS": "4", "HOLDFAST_POOL_SIZE": "6",
      "HOLDFAST_OVERLAP_AFTER": "0", "HOLDFAST_LOCK_TIMEOUT": "5s",
      "HOLDFAST_MIN_RESERVED_TIME": "50ms",
      "HOLDFAST_SWEEP_INTERVAL": "500ms",
      "HOLDFAST_POSTGRES_OPTIONS": "-c deadlock_timeout=10ms",
    ]
    private static let tickets = (1...9).map { "X-\($0)" }

    @Test func aRushOnAFewTickets() throws {
      try Site.with(Self.settings) { site in
        try site.addTickets("X-", count: Self.tickets.count)
        let samples = try HoldSamples(site)
        let attempts = try Rush(tickets: Self.tickets).run(on: site)
        let partial = try samples.partialHolds(of: attempts, in: site.database())
        #expect(partial.isEmpty, "\(partial.prefix(3))")
        #expect(samples.count > 20)

        let violations = HistoryChecker(attempts).violations
        #expect(violations.isEmpty, "\(violations.count): \(violations.prefix(3))")
        #expect(attempts.filter { $0.outcome == .unknown }.isEmpty)
        // The history must be one that could have gone wrong.
        #expect(attempts.count >= 3000)
        #expect(attempts.filter { $0.certain != nil }.count > 50)
        #expect(attempts.filter { $0.possible == nil }.count > 500)

        try checkTheEnd(site)
      }
    }

    /// The same on the naive function: else the test above would prove nothing.
    @Test func theNaiveFunctionIsFoundOut() throws {
      try Site.with(Self.settings) { site in
        try site.addTickets("X-", count: Self.tickets.count)
        try site.database().run(NaiveCommit.sql)
        let rush = Rush(tickets: Self.tickets, seconds: 2, leastAttempts: 1000)
        var checker = HistoryChecker(try rush.run(on: site))
        // Where the service is slow, as under a sanitizer, it may go well for a while.
        for _ in 0..<4 where checker.doubleGrants.isEmpty || checker.wrongAnswers.isEmpty {
          checker = HistoryChecker(try rush.run(on: site))
        }
        #expect(!checker.doubleGrants.isEmpty)
        #expect(!checker.wrongAnswers.isEmpty)
      }
    }

    private func checkTheEnd(_ site: Site) throws {
      let database = try site.database()
      #expect(!(try site.log("postgres").contains("deadlock detected")))
      #expect(
        try database.count(
          "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()") == 0)
      // Nothing is left behind that would keep a ticket from the next.
      try waitUntil("all are free again") {
        try site.http().lock(Self.tickets, seconds: 60).status == 200
      }
      #expect(
        try database.count("SELECT count(*) FROM tickets_blocked WHERE locked_up > now()")
          == Self.tickets.count)
    }
  }
}
