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

    /// What is bad comes through nginx and libfcgi as it was sent, is refused, and changes nothing. What each
    /// member is refused for is told in `HoldAPITests`.
    @Test func badInputChangesNothing() throws {
      func lock(_ ticket: [UInt8], _ message: String) -> Exchange {
        .lock("", status: 400, answer: Answer.bad(message)).with {
          $0.body = Array(#"{"data":{"ticketd_reserved":["W-10",""#.utf8) + ticket
          $0.body += Array(#""],"reserved_time":600}}"#.utf8)
        }
      }
      try wire.check([
        lock(
          Array(#"a\u0000b"#.utf8),
          #"data.ticketd_reserved[1]: expected a string of 1 to 256 bytes without NUL, got "a\u0000b""#
        ),
        lock([0xff], "the body: expected JSON in UTF-8, got an invalid byte at offset 37"),
        lock([0], "the body: expected JSON in UTF-8, got a NUL byte at offset 37"),
        .release(
          "", status: 400,
          answer: Answer.bad(
            #"the body: expected JSON such as {"data":{"tickets":["…"]}}, got nothing"#)),
      ])
      let deep = Exchange.lock(String(repeating: "[", count: 60_000), status: 400, answer: "")
      #expect(try wire.send([deep])[0].status == 400)
      #expect(try site.database().count("SELECT count(*) FROM tickets_blocked") == 0)
    }

    @Test(arguments: [("1.5", "1.500000"), ("7200", "7200.000000")])
    func theTimeIsStoredAsItWasSent(text: String, seconds: String) throws {
      try wire.check([
        .lock(
          #"{"data":{"ticketd_reserved":["W-20"],"reserved_time":\#(text)}}"#, status: 200,
          answer: Answer.granted(["W-20"]))
      ])
      #expect(
        try site.database().column(
          "SELECT extract(epoch FROM locked_up - date_created) FROM tickets_blocked") == [seconds])
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
