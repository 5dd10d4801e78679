import TestSupport
import Testing
import Threads

extension EndToEnd {
  /// A rush of confirms, locks and sales in SQL for few tickets, at two instances with four committers
  /// each: each ticket is sold once, and whoever was told of the sale has it.
  @Suite("A rush of confirms")
  struct ConfirmRushTests {
    private static let settings = [
      "HOLDFAST_INSTANCES": "2", "HOLDFAST_COMMITTERS": "4", "HOLDFAST_POOL_SIZE": "6",
      "HOLDFAST_OVERLAP_AFTER": "0", "HOLDFAST_LOCK_TIMEOUT": "5s", "HOLDFAST_DEMO_TICKETS": "0",
      "HOLDFAST_POSTGRES_OPTIONS": "-c deadlock_timeout=10ms",
    ]
    private static let clients = 12

    /// Who was told that a ticket is theirs, by ticket.
    private func rush(_ tickets: [String], at site: Site) throws -> [String: Int] {
      let sold = Monitor<[String: Int]>([:])
      let port = site.httpPort
      let databases = Confined(try (0..<2).map { _ in try site.database() })
      try inParallel(Self.clients) { client in
        let http = HTTPConnection(port: port)
        for ticket in tickets {
          switch client {
          case 0, 1:
            // The box office sells in SQL, as long as the ticket is for sale.
            let rows = try databases.value[client].column(
              "UPDATE tickets SET status = false WHERE ticket_id = '\(ticket)' AND status"
                + " AND NOT EXISTS (SELECT FROM tickets_blocked b WHERE b.ticket_id = '\(ticket)')"
                + " AND random() < 0.2 RETURNING ticket_id")
            if !rows.isEmpty { sold.withLock { $0[ticket, default: 0] += 1 } }
          case 2, 3:
            let holdID = "the-hold-id-of-client-\(client)"
            guard try http.lock([ticket], seconds: 60, holdID: holdID).status == 200 else { break }
            let order = "\(client)-\(ticket)"
            if try http.confirm([ticket], order: order, holdID: holdID).status == 200 {
              sold.withLock { $0[ticket, default: 0] += 1 }
            }
          default:
            if try http.confirm([ticket], order: "\(client)-\(ticket)").status == 200 {
              sold.withLock { $0[ticket, default: 0] += 1 }
            }
          }
        }
      }
      return sold.withLock { $0 }
    }

    @Test func eachTicketIsSoldOnce() throws {
      try Site.with(Self.settings) { site in
        let tickets = (1...150).map { "S-\($0)" }
        try site.addTickets("S-", count: tickets.count)
        let sold = try rush(tickets, at: site)
        #expect(sold.filter { $0.value != 1 } == [:])
        #expect(sold.count == tickets.count)
        let database = try site.database()
        #expect(try database.count("SELECT count(*) FROM tickets WHERE status") == 0)
        #expect(
          try database.count("SELECT count(*) - count(DISTINCT ticket_id) FROM holdfast_sales") == 0
        )
        // A sale in SQL that commits while a hold's commit is written may leave that hold; a confirm not.
        #expect(
          try database.count(
            "SELECT count(*) FROM tickets_blocked JOIN holdfast_sales USING (ticket_id)") == 0)
        #expect(!(try site.log("postgres").contains("deadlock detected")))
      }
    }

    /// Negative control: look whether the ticket is for sale, then update.
    @Test func checkThenUpdateOversells() throws {
      try Site.with(Self.settings) { site in
        try site.database().run(NaiveCommit.sql)
        var oversold = 0
        for round in 0..<5 where oversold == 0 {
          let tickets = (1...40).map { "N\(round)-\($0)" }
          try site.addTickets("N\(round)-", count: tickets.count)
          oversold = try rush(tickets, at: site).filter { $0.value > 1 }.count
        }
        #expect(oversold > 0)
      }
    }
  }
}
