import Testing

extension EndToEnd {
  /// Opt-in members of a wrong kind, and releases that are none.
  @Suite("Wire: bad members and releases")
  struct WireBadMembersTests {
    private let site: Site
    private let wire: Wire

    init() throws {
      site = try .shared()
      wire = Wire(site)
      try site.database().run(
        """
        TRUNCATE tickets_blocked; INSERT INTO tickets (ticket_id) VALUES ('B-1') ON CONFLICT DO NOTHING
        """)
    }

    /// Whatever is refused here must have changed nothing.
    private func check(_ exchanges: [Exchange]) throws {
      try wire.check(exchanges)
      #expect(try site.database().count("SELECT count(*) FROM tickets_blocked") == 0)
    }

    @Test func optInMembers() throws {
      func lock(_ more: String) -> String {
        "{\"data\":{\"ticketd_reserved\":[\"B-1\"],\"reserved_time\":600,\(more)}}"
      }
      let long = String(repeating: "h", count: 129)
      try check([
        .badLock(lock("\"hold_id\":1"), "\(Expected.holdID), got a number"),
        .badLock(lock("\"hold_id\":[]"), "\(Expected.holdID), got an array"),
        .badLock(lock("\"hold_id\":\"\""), "\(Expected.holdID), got 0 bytes"),
        .badLock(lock("\"hold_id\":\"123456789012345\""), "\(Expected.holdID), got 15 bytes"),
        .badLock(lock("\"hold_id\":\"\(long)\""), "\(Expected.holdID), got 129 bytes"),
        .badLock(
          lock("\"hold_id\":\"1234567890123456 \""), "\(Expected.holdID), got other characters"),
        .badLock(lock("\"details\":1"), "data.details: expected true or false, got 1"),
        .badLock(
          lock("\"details\":\"true\""), "data.details: expected true or false, got \"true\""),
        .lock(
          lock("\"hold_id\":null,\"details\":null,\"other\":[{}]"), status: 200,
          answer: Answer.granted(["B-1"])),
        .release(#"{"data":{"tickets":["B-1"],"hold_id":null}}"#),
      ])
    }

    @Test func badMembersOfAReleaseAreNamed() throws {
      let one = "data: expected exactly one of tickets and ticketd_reserved"
      func bad(_ body: String, _ message: String) -> Exchange {
        .release(body, status: 400, answer: Answer.bad(message))
      }
      try check([
        bad(#"{"data":{}}"#, "\(one), got neither"),
        bad(#"{"data":{"tickets":["B-1"],"ticketd_reserved":["B-1"]}}"#, "\(one), got both"),
        bad(
          #"{"data":{"tickets":"B-1"}}"#,
          "data.tickets: expected an array of 1 to 100 ticket ids, got \"B-1\""),
        bad(
          #"{"data":{"tickets":[]}}"#,
          "data.tickets: expected an array of 1 to 100 ticket ids, got an empty array"),
        bad(
          #"{"data":{"ticketd_reserved":["B-1",2]}}"#,
          "data.ticketd_reserved[1]: \(Expected.ticket), got 2"),
        bad(#"{"data":{"tickets":["B-1"],"hold_id":"short"}}"#, "\(Expected.holdID), got 5 bytes"),
        bad(
          "", #"the body: expected JSON such as {"data":{"tickets":["…"]}}, got nothing"#),
      ])
    }
  }
}
