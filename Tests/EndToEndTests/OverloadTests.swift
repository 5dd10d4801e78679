import Testing

extension EndToEnd {
  /// More requests than may be under way at once: the others hear so at once, and lose nothing.
  @Suite("Overload", .site(["HOLDFAST_UPSTREAM_REQUESTS": "1"]))
  struct OverloadTests {
    @Test func whatIsTooMuchIsRefusedAtOnce() throws {
      let site = try Site.ofSuite()
      let blocker = try site.database()
      try blocker.run(
        """
        INSERT INTO tickets_blocked (ticket_id, locked_up)
        VALUES ('E1-001', now() - interval '1 s');
        """)
      try blocker.run("BEGIN; SELECT * FROM tickets_blocked FOR UPDATE")
      let waiting = Parallel.start { try site.http().lock(["E1-001"]) }
      Clock.sleep(0.3)
      let start = Clock.now
      let answer = try site.http().lock(["E1-002"])
      #expect(Clock.now - start < 0.5)
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
