import Testing

extension EndToEnd {
  /// More requests than may be under way at once: the others hear so at once, and lose nothing.
  @Suite("Overload", .site(["HOLDFAST_UPSTREAM_REQUESTS": "1"]))
  struct OverloadTests {
    private static let cart = "the-cart-of-the-overload"

    @Test func whatIsTooMuchIsRefusedAtOnce() throws {
      let site = try Site.ofSuite()
      let blocker = try site.database()
      try blocker.run(
        """
        INSERT INTO tickets_blocked (ticket_id, locked_up)
        VALUES ('E1-001', now() - interval '1 s');
        """)
      try blocker.run("BEGIN; SELECT * FROM tickets_blocked FOR UPDATE")
      // It asks again if another was under way just then.
      let waiting = Parallel.start {
        while true {
          let answer = try site.http().lock(["E1-001"])
          if answer.status != 503 { return answer }
        }
      }
      var answer = try site.http().lock(["E1-002"], holdID: Self.cart)
      try Clock.wait("one is under way, and another is refused") {
        answer = try site.http().lock(["E1-002"], holdID: Self.cart)
        return answer.status == 503
      }
      #expect(!waiting.isFinished)
      #expect(answer.body == Answer.http(503, "Service unavailable: nothing was changed"))
      #expect(answer["Retry-After"] == "1")
      // Its health can be asked for nevertheless.
      #expect(try site.http().get("/livez").status == 200)
      try blocker.run("ROLLBACK")
      #expect(try waiting.value().status == 200)
      #expect(try site.http().lock(["E1-003"]).status == 200)
    }
  }
}
