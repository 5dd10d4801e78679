import Foundation
import Testing

extension EndToEnd {
  /// What is bad comes through nginx and libfcgi as it was sent, is refused, and changes nothing. What each
  /// member is refused for is told in `HoldAPITests`.
  @Suite("Wire: bad input")
  struct WireBadInputTests {
    private let site: Site
    private let wire: Wire

    init() throws {
      site = try .shared()
      wire = Wire(site)
      try site.database().run(
        "DELETE FROM tickets WHERE ticket_id LIKE 'B-%'; TRUNCATE tickets_blocked")
      try site.addTickets("B-", count: 101)
    }

    private func expectNothingHeld() throws {
      #expect(try site.database().count("SELECT count(*) FROM tickets_blocked") == 0)
    }

    @Test func eachMemberIsNamed() throws {
      func lock(_ time: String, _ more: String = "") -> String {
        "{\"data\":{\"ticketd_reserved\":[\"B-1\"],\"reserved_time\":\(time)\(more)}}"
      }
      try wire.check([
        .badLock("", "\(Expected.lockExample), got nothing"),
        .badLock("{}x", "\(Expected.lockExample), got 3 bytes that are not JSON"),
        .badLock("{}", "data: expected an object, got nothing"),
        .badLock(#"{"data":{}}"#, "\(Expected.tickets), got nothing"),
        .badLock(
          #"{"data":{"ticketd_reserved":["a\u0000b"],"reserved_time":1}}"#,
          "data.ticketd_reserved[0]: \(Expected.ticket) without NUL, got \"a\\u0000b\""),
        .badLock(lock("0.999"), "\(Expected.time), got 0.999"),
        .badLock(lock("600", ",\"hold_id\":\"short\""), "\(Expected.holdID), got 5 bytes"),
        .badLock(lock("600", ",\"details\":1"), "data.details: expected true or false, got 1"),
        .release(
          #"{"data":{}}"#, status: 400,
          answer: Answer.bad(
            "data: expected exactly one of tickets and ticketd_reserved, got neither")),
        .release(
          "", status: 400,
          answer: Answer.bad(
            #"the body: expected JSON such as {"data":{"tickets":["…"]}}, got nothing"#)),
      ])
      try expectNothingHeld()
    }

    @Test func hostileBodies() throws {
      let tickets = Array(#"{"data":{"ticketd_reserved":["B-1"#.utf8)
      let rest = Array(#""],"reserved_time":600}}"#.utf8)
      let broken: [[UInt8]] = [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0xc0, 0x80], [0]]
      let deep = [
        String(repeating: "[", count: 30_000), String(repeating: "{\"data\":", count: 8000),
      ]
      let bodies = broken.map { tickets + $0 + rest } + deep.map { Array($0.utf8) }
      let exchanges = bodies.map { body in Exchange.badLock("", "").with { $0.body = body } }
      for response in try wire.send(exchanges) {
        #expect(response.status == 400)
        #expect(response.body.hasSuffix(#""status":400,"data":{"valido":false}}"#))
      }
      try expectNothingHeld()
    }

    @Test func numbersOfTickets() throws {
      let names = (1...101).map { "B-\($0)" }
      let hundred = Array(names.prefix(100))
      try wire.check([
        .badLock(
          RequestText.lock(names), "\(Expected.tickets), got more than 100 different ones"),
        // Duplicates do not count.
        .lock(
          RequestText.lock(hundred + hundred), status: 200, answer: Answer.granted(hundred)),
        .release(RequestText.release(hundred)),
        .release(
          RequestText.release(names), status: 400,
          answer: Answer.bad(
            "data.tickets: expected an array of 1 to 100 ticket ids, got more than 100 different ones"
          )),
      ])
      try expectNothingHeld()
    }

    @Test func timesAtTheBounds() throws {
      for (text, seconds) in [
        ("1", "1.000000"), ("1.5", "1.500000"), ("7200", "7200.000000"),
        ("7.2e3", "7200.000000"), ("7199.999", "7199.999000"),
      ] {
        try wire.check([
          .lock(
            #"{"data":{"ticketd_reserved":["B-1"],"reserved_time":\#(text)}}"#, status: 200,
            answer: Answer.granted(["B-1"]))
        ])
        #expect(
          try site.database().column(
            "SELECT extract(epoch FROM locked_up - date_created) FROM tickets_blocked") == [seconds]
        )
        try wire.check([.release(RequestText.release(["B-1"]))])
      }
    }
  }
}
