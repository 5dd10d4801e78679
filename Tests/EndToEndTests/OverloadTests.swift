import TestSupport
import Testing

extension EndToEnd {
  /// More requests than may be under way at once: the others hear so at once, and lose nothing.
  @Suite("Overload", .site(["HOLDFAST_UPSTREAM_REQUESTS": "1"]))
  struct OverloadTests {
    private static let cart = "the-cart-of-the-overload"

    /// What a request is answered while another one waits for a row that somebody has locked.
    ///
    /// - Parameter isUnderWay: Whether the other one does.
    private func answerBesideAWait(
      on site: Site, when isUnderWay: (HTTPConnection) throws -> Bool
    ) throws -> HTTPResponse {
      let blocker = try site.database()
      try blocker.run("TRUNCATE tickets_blocked; DELETE FROM tickets WHERE ticket_id LIKE 'O-%'")
      try site.addTickets("O-", count: 3)
      try blocker.run(
        """
        INSERT INTO tickets_blocked (ticket_id, locked_up) VALUES ('O-1', now() - interval '1 s');
        """)
      try blocker.run("BEGIN; SELECT * FROM tickets_blocked FOR UPDATE")
      // It asks again if another was under way just then.
      let waiting = Background {
        while true {
          let answer = try site.http().lock(["O-1"])
          if answer.status != 503 { return answer }
        }
      }
      try waitUntil("one is under way") { try isUnderWay(site.http()) }
      let answer = try site.http().lock(["O-2"], holdID: Self.cart)
      #expect(!waiting.isDone)
      // Its health can be asked for nevertheless.
      #expect(try site.http().get("/livez").status == 200)
      try blocker.run("ROLLBACK")
      #expect(try waiting.value().status == 200)
      #expect(try site.http().lock(["O-3"]).status == 200)
      return answer
    }

    @Test func whatIsTooMuchIsRefusedAtOnce() throws {
      let answer = try answerBesideAWait(on: .ofSuite()) { http in
        try http.lock(["O-2"], holdID: Self.cart).status == 503
      }
      #expect(answer.body == Answer.http(503, "Service unavailable: nothing was changed"))
      #expect(answer["Retry-After"] == "1")
    }

    /// Negative control, on a site where more may be under way.
    @Test func withoutTheBoundItIsServed() throws {
      let site = try Site.shared()
      let answer = try answerBesideAWait(on: site) { _ in
        try MetricsSample(site)["holdfast_queue_length"] == 1
      }
      #expect(answer.status == 200)
    }
  }
}
