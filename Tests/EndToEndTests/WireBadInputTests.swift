import Foundation
import Testing

extension EndToEnd {
  /// Input that is refused: the message names the member, what was expected and what came.
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

    /// Whatever is refused here must have changed nothing.
    private func check(_ exchanges: [Exchange]) throws {
      try wire.check(exchanges)
      #expect(try site.database().count("SELECT count(*) FROM tickets_blocked") == 0)
    }

    private static func body(_ tickets: String, _ time: String, _ more: String = "") -> String {
      "{\"data\":{\"ticketd_reserved\":\(tickets),\"reserved_time\":\(time)\(more)}}"
    }

    @Test func bodiesThatAreNoRequest() throws {
      let deep = String(repeating: "[", count: 30_000)
      let notJSON = ["{", "nonsense", "{}x", #"{"data":{}} {"data":{}}"#]
      try check(
        notJSON.map {
          .badLock($0, "\(Expected.lockExample), got \($0.utf8.count) bytes that are not JSON")
        } + [
          .badLock(
            #"{"data":{"a":1,}}"#,
            "the body: expected JSON, got a comma before the closing bracket at offset 15"),
          .badLock("", "\(Expected.lockExample), got nothing"),
          .badLock("[]", "\(Expected.lockExample), got an array"),
          .badLock("\"text\"", "\(Expected.lockExample), got a string"),
          .badLock("1", "\(Expected.lockExample), got a number"),
          .badLock("null", "\(Expected.lockExample), got null"),
          .badLock("{}", "data: expected an object, got nothing"),
          .badLock(#"{"data":null}"#, "data: expected an object, got null"),
          .badLock(#"{"data":[]}"#, "data: expected an object, got an array"),
          .badLock(#"{"data":{}}"#, "\(Expected.tickets), got nothing"),
        ])
      let hostile = [
        deep, "{\"data\":" + deep, String(repeating: "{\"data\":", count: 8000),
        String(decoding: [0x22, 0x61], as: UTF8.self),
      ]
      for response in try wire.send(hostile.map { .badLock($0, "") }) {
        #expect(response.status == 400)
        #expect(response.body.hasSuffix(#""status":400,"data":{"valido":false}}"#))
      }
    }

    @Test func invalidUTF8() throws {
      let broken: [[UInt8]] = [
        [0xff], [0xc3], [0xed, 0xa0, 0x80], [0xc0, 0x80], [0xf8, 0x88, 0x80, 0x80],
      ]
      let exchanges = broken.map { bytes in
        Exchange.badLock("", "").with {
          $0.body =
            Array(#"{"data":{"ticketd_reserved":["B-1"#.utf8) + bytes
            + Array(#""],"reserved_time":600}}"#.utf8)
        }
      }
      for response in try wire.send(exchanges) {
        #expect(response.status == 400)
        #expect(response.data["valido"] as? Bool == false)
        #expect(response.data["nodisponible"] == nil)
      }
      #expect(try site.database().count("SELECT count(*) FROM tickets_blocked") == 0)
    }

    @Test func ticketsOfAWrongKind() throws {
      let kinds = [
        ("null", "null"), ("true", "true"), ("1", "1"), ("\"B-1\"", "\"B-1\""),
        ("{\"0\":\"B-1\"}", "an object"), ("[]", "an empty array"),
      ]
      let elements = [
        ("null", "null"), ("true", "true"), ("1.5", "1.5"), ("[\"B-2\"]", "an array"),
        ("{}", "an object"), ("\"\"", "\"\""),
      ]
      let tooLong = String(repeating: "x", count: 257)
      try check(
        kinds.map { .badLock(Self.body($0.0, "600"), "\(Expected.tickets), got \($0.1)") }
          + elements.map {
            .badLock(
              Self.body("[\"B-1\",\($0.0)]", "600"),
              "data.ticketd_reserved[1]: \(Expected.ticket), got \($0.1)")
          } + [
            .badLock(
              Self.body("[\"\(tooLong)\"]", "600"),
              "data.ticketd_reserved[0]: \(Expected.ticket), got \""
                + String(repeating: "x", count: 40) + "...\" (257 bytes)"),
            .badLock(
              Self.body(#"["B-1","a\u0000b"]"#, "600"),
              "data.ticketd_reserved[1]: \(Expected.ticket) without NUL, got \"a\\u0000b\""),
          ])
    }

    @Test func numbersOfTickets() throws {
      let names = (1...101).map { "B-\($0)" }
      let hundred = Array(names.prefix(100))
      try check([
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
    }

    @Test func timesOfAWrongKindOrSize() throws {
      let wrong = [
        ("\"abc\"", "\"abc\""), ("\"600\"", "\"600\""), ("null", "null"), ("true", "true"),
        ("[600]", "an array"), ("{}", "an object"), ("0", "0"), ("-600", "-600"),
        ("0.999", "0.999"), ("7200.001", "7200.001"), ("7201", "7201"), ("1e300", "1e+300"),
        ("1e400", "a number that is malformed or out of range"),
        ("-1e400", "a number that is malformed or out of range"),
      ]
      try check(
        wrong.map { .badLock(Self.body("[\"B-1\"]", $0.0), "\(Expected.time), got \($0.1)") })
      try check([
        .badLock(#"{"data":{"ticketd_reserved":["B-1"]}}"#, "\(Expected.time), got nothing")
      ])
      let notJSON = [
        "NaN", "Infinity", "-Infinity", "0600", "+600", "600.", ".5", "0x258", "1e", "'1'",
      ]
      for response in try wire.send(notJSON.map { .badLock(Self.body("[\"B-1\"]", $0), "") }) {
        #expect(response.status == 400)
        #expect(response.body.hasSuffix(#""status":400,"data":{"valido":false}}"#))
      }
      #expect(try site.database().count("SELECT count(*) FROM tickets_blocked") == 0)
    }

    @Test func timesAtTheBounds() throws {
      for (text, seconds) in [
        ("1", "1.000000"), ("1.0", "1.000000"), ("1.5", "1.500000"), ("7200", "7200.000000"),
        ("7.2e3", "7200.000000"), ("7199.999", "7199.999000"),
      ] {
        try wire.check([
          .lock(Self.body("[\"B-1\"]", text), status: 200, answer: Answer.granted(["B-1"]))
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
