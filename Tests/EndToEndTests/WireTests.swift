import Foundation
import Testing

extension EndToEnd {
  /// Every request and answer of the contract, over HTTPS, with bodies compared whole.
  @Suite("Wire: the contract's table")
  struct WireTests {
    private let site: Site
    private let wire: Wire

    init() throws {
      site = try .shared()
      wire = Wire(site)
      try site.database().run(
        "DELETE FROM tickets WHERE ticket_id LIKE 'W-%'; DELETE FROM tickets_blocked")
      try site.addTickets("W-", count: 110)
    }

    @Test func lockAndReleaseAsInTheOriginal() throws {
      try wire.check([
        .granted(["W-1", "W-2"]),
        .refused(["W-1", "W-2"], because: ["W-1", "W-2"]),
        .refused(["W-3", "W-2"], because: ["W-2"]),
        .release(#"{"data":{"tickets":["W-1"]}}"#),
        .granted(["W-3", "W-1"]),
        // The lock's own spelling, and tickets that nobody holds or that do not exist.
        .release(#"{"data":{"ticketd_reserved":["W-2","W-9","nowhere"]}}"#),
        .granted(["W-2"]),
        .release(#"{"data":{"tickets":["W-1","W-2","W-3"]}}"#),
        .release(#"{"data":{"tickets":["W-1","W-2","W-3"]}}"#),
      ])
      #expect(try site.database().count("SELECT count(*) FROM tickets_blocked") == 0)
    }

    @Test func answersKeepTheRequestsOrderWithoutDuplicates() throws {
      try site.database().run("UPDATE tickets SET status = false WHERE ticket_id = 'W-7'")
      try wire.check([
        .lock(
          RequestText.lock(["W-5", "W-4", "W-5", "W-6", "W-4"]), status: 200,
          answer: Answer.granted(["W-5", "W-4", "W-6"])),
        .refused(
          ["W-8", "W-9", "W-7", "W-6", "unknown", "W-7", "W-4"],
          because: ["W-7", "W-6", "unknown", "W-4"]),
        .granted(["W-8", "W-9"]),
      ])
      // Held until the database's clock says otherwise: the time is the caller's.
      let ends = try site.database().column(
        "SELECT extract(epoch FROM locked_up - date_created) FROM tickets_blocked")
      #expect(ends == [String](repeating: "600.000000", count: 5))
    }

    @Test func detailsOfARefusal() throws {
      let tickets = ["W-12", "W-10", "nowhere", "W-11"]
      try site.database().run("UPDATE tickets SET status = false WHERE ticket_id = 'W-11'")
      let start = Clock.wall
      let refusal = Wire(site)
      let answers = try refusal.send([
        .granted(["W-12"]),
        .lock(RequestText.lock(tickets, details: true), status: 400, answer: ""),
        .lock(
          RequestText.lock(["W-10"], details: true), status: 200, answer: ""),
      ])
      let seconds = try #require(answers[1].body.firstMatch(of: #/available_in":([0-9]+)/#)?.1)
      #expect((600 - Int(Clock.wall - start) - 1...600).contains(try #require(Int(seconds))))
      #expect(
        answers[1].body
          == #"{"message":"Tickets not available","status":400,"data":{"valido":false,"#
          + #""nodisponible":["W-12","nowhere","W-11"],"unavailable":["#
          + #"{"ticket_id":"W-12","reason":"held","available_in":\#(seconds)},"#
          + #"{"ticket_id":"nowhere","reason":"unknown","available_in":null},"#
          + #"{"ticket_id":"W-11","reason":"sold","available_in":null}]}}"#)
      // Nothing is added to a grant.
      #expect(answers[2].body == Answer.granted(["W-10"]))
    }

    @Test func heldTimesAreRoundedUp() throws {
      let database = try site.database()
      try database.run(
        """
        INSERT INTO tickets_blocked (ticket_id, locked_up)
        VALUES ('W-20', clock_timestamp() + interval '100.9 s')
        """)
      func left() throws -> Int {
        try database.count(
          "SELECT ceil(extract(epoch FROM locked_up - clock_timestamp())) FROM tickets_blocked")
      }
      let before = try left()
      let answers = try Wire(site).send([
        .lock(RequestText.lock(["W-20"], details: true), status: 400, answer: "")
      ])
      let told = try #require(answers[0].body.firstMatch(of: #/available_in":([0-9]+)/#)?.1)
      #expect(try (left()...before).contains(try #require(Int(told))))
    }

    @Test func holdIDIsAnsweredWithTheExpiry() throws {
      let holdID = "0123456789abcdef"
      let answers = try Wire(site).send([
        .lock(RequestText.lock(["W-30", "W-31"], holdID: holdID), status: 200, answer: "")
      ])
      let expiry = try #require(answers[0].data["expires_at"] as? String)
      let left = try #require(answers[0].data["expires_in"] as? Int)
      #expect(left == 600)
      #expect(
        answers[0].body
          == #"{"message":"Tickets blocked","status":200,"data":{"valido":true,"#
          + #""tickets":["W-30","W-31"],"hold_id":"0123456789abcdef","#
          + #""expires_at":"\#(expiry)","expires_in":600}}"#)
      let stored = try site.database().column(
        """
        SELECT to_char(date_trunc('milliseconds', locked_up AT TIME ZONE 'UTC'),
                       'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
          FROM tickets_blocked
        """)
      #expect(stored == [expiry, expiry])
      try wire.check([
        // Another's secret, and none, release nothing; and the answer tells nothing.
        .release(RequestText.release(["W-30"], holdID: "another-hold-id-")),
        .release(RequestText.release(["W-30"])),
        .refused(["W-30"], because: ["W-30"]),
        .release(RequestText.release(["W-30", "W-31"], holdID: holdID)),
        .granted(["W-30"]),
      ])
    }

    @Test func theOtherEndpoints() throws {
      try site.database().run(
        "INSERT INTO tickets_blocked (ticket_id, locked_up) VALUES ('W-40', now() - interval '1 s')"
      )
      try wire.check([
        Exchange("POST", "/tickets_unlock", status: 200, answer: Answer.swept),
        // A body that is sent is not read.
        Exchange(path: "/tickets_unlock", body: "no JSON", status: 200, answer: Answer.swept)
          .with { $0.headers = ["Content-Type: text/plain"] },
        Exchange("GET", "/livez", status: 200, answer: Answer.alive),
        Exchange("HEAD", "/livez", status: 200, answer: ""),
        Exchange("GET", "/readyz", status: 200, answer: Answer.ready),
        Exchange("HEAD", "/readyz", status: 200, answer: ""),
        Exchange("GET", "/livez?x=1", status: 200, answer: Answer.alive),
      ])
      #expect(try site.database().count("SELECT count(*) FROM tickets_blocked") == 0)
    }
  }
}
