import Holds
import Testing

@testable import HoldAPI

/// Each bound at its limit and one past it; with the defaults and with settings of its own.
@Suite struct BoundsTests {
  private func lock(
    _ ids: [String], seconds: String = "1", holdID: String? = nil, bounds: APIBounds = APIBounds()
  ) throws -> (status: Int, text: String, operations: [HoldOperation]) {
    let client = Client(bounds: bounds)
    let list = ids.map { "\"\($0)\"" }.joined(separator: ",")
    let hold = holdID.map { #","hold_id":"\#($0)""# } ?? ""
    let response = try client.lock(
      #"{"data":{"ticketd_reserved":[\#(list)],"reserved_time":\#(seconds)\#(hold)}}"#)
    return (response.status, response.text, client.operations)
  }

  @Test(
    arguments: [
      ("1", 1), ("1.0", 1), ("1.5", 1.5), ("7200", 7200), ("7.2e3", 7200), ("1.000001", 1.000001),
    ] as [(String, Double)])
  func reservedTimeWithinBounds(json: String, seconds: Double) throws {
    let answer = try lock(["a"], seconds: json)
    #expect(answer.status == 200)
    #expect(
      answer.operations == [.lock(LockRequest(ticketIDs: ["a"], reservedSeconds: seconds))])
  }

  @Test func reservedTimeBoundsAreSettings() throws {
    let bounds = APIBounds(minimumReservedSeconds: 0.5, maximumReservedSeconds: 10)
    #expect(try lock(["a"], seconds: "0.5", bounds: bounds).status == 200)
    #expect(try lock(["a"], seconds: "10", bounds: bounds).status == 200)
    #expect(
      try lock(["a"], seconds: "10.5", bounds: bounds).text
        == refusal("data.reserved_time: expected a number from 0.5 to 10, got 10.5"))
    #expect(
      try lock(["a"], seconds: "0.4", bounds: bounds).text
        == refusal("data.reserved_time: expected a number from 0.5 to 10, got 0.4"))
  }

  @Test func ticketsOfOneKeyWhereThereAreKeys() throws {
    let bounds = APIBounds(shardKey: ShardKey("before-last:-"))
    #expect(try lock(["E1-a", "E1-b", "E1-a"], bounds: bounds).status == 200)
    #expect(
      try lock(["E1-a", "E1-b", "E2-a"], bounds: bounds).text
        == refusal(
          "data.ticketd_reserved: expected tickets of one key, since different ones are on "
            + #"different servers, got the keys \"E1\" and \"E2\""#))
    #expect(try lock(["E1-a", "E2-a"]).status == 200, "the control")
  }

  private static let hundred = (0..<100).map { "E1-\($0)" }

  /// What the store is asked for by a request that names so many tickets, each three times.
  private func asked(for count: Int, _ bounds: APIBounds = APIBounds()) throws -> [String]? {
    let ids = Array(Self.hundred.prefix(count))
    return try lock(ids + ids.reversed() + ids, bounds: bounds).operations.first?.ticketIDs
  }

  private static let tooMany = refusal(
    "data.ticketd_reserved: expected an array of 1 to 100 ticket ids, "
      + "got more than 100 different ones")

  @Test func aHundredDifferentTicketsHoweverOften() throws {
    #expect(try asked(for: 2) == Array(Self.hundred.prefix(2)))
    #expect(try asked(for: 100) == Self.hundred)

    let refused = try lock(Self.hundred + Self.hundred + ["E1-100"])
    #expect(refused.text == Self.tooMany)
    #expect(refused.operations.isEmpty)

    let two = APIBounds(maximumTickets: 2)
    #expect(try lock(["a", "b", "a"], bounds: two).status == 200)
    #expect(
      try lock(["a", "b", "c"], bounds: two).text
        == refusal(
          "data.ticketd_reserved: expected an array of 1 to 2 ticket ids, "
            + "got more than 2 different ones"))
  }

  /// Negative control: what a request names three times it asks for three times, and is refused too soon.
  @Test func whenDuplicatesAreKeptTheyCount() throws {
    var bounds = APIBounds()
    bounds.keepsDuplicates = true
    #expect(try asked(for: 2, bounds) == ["E1-0", "E1-1", "E1-1", "E1-0", "E1-0", "E1-1"])
    #expect(try asked(for: 100, bounds) == nil)
  }

  /// Negative control.
  @Test func withoutTheBoundMoreTicketsAreAskedFor() throws {
    let bounds = APIBounds(maximumTickets: 1000)
    #expect(
      try lock(Self.hundred + ["E1-100"], bounds: bounds).operations.first?.ticketIDs.count == 101)
  }

  @Test(arguments: ["x", "é", "🎟"])
  func ticketIDsAreMeasuredInBytes(unit: String) throws {
    let longest = String(repeating: unit, count: 256 / unit.utf8.count)
    #expect(longest.utf8.count == 256)
    #expect(try lock([longest]).status == 200)
    let longer = longest + "y"
    let answer = try lock(["a", longer])
    #expect(
      answer.text
        == refusal(
          "data.ticketd_reserved[1]: expected a string of 1 to 256 bytes, "
            + #"got \"\#(longer.prefix(40))...\" (257 bytes)"#))
    #expect(answer.operations.isEmpty)
    let bounds = APIBounds(maximumTicketIDBytes: 3)
    #expect(try lock(["abc"], bounds: bounds).status == 200)
    #expect(
      try lock(["abcd"], bounds: bounds).text
        == refusal(
          #"data.ticketd_reserved[0]: expected a string of 1 to 3 bytes, got \"abcd\""#))
  }

  @Test func canonicallyEquivalentIDsAreDifferentTickets() throws {
    let ids = ["\u{e9}", "e\u{301}", "\u{e9}", "\u{212b}", "\u{c5}", "A\u{30a}", "e\u{301}"]
    let distinct = ["\u{e9}", "e\u{301}", "\u{212b}", "\u{c5}", "A\u{30a}"]
    let answer = try lock(ids)
    let sent = try #require(answer.operations.first?.ticketIDs)
    #expect(sent.map { Array($0.utf8) } == distinct.map { Array($0.utf8) })
    let list = distinct.map { "\"\($0)\"" }.joined(separator: ",")
    #expect(
      Array(answer.text.utf8)
        == Array(
          #"{"message":"Tickets blocked","status":200,"data":{"valido":true,"tickets":[\#(list)]}}"#
            .utf8))
  }

  private static let good = #"{"data":{"ticketd_reserved":["a"],"reserved_time":1}}"#

  /// A request of so many bytes.
  private static func body(bytes: Int) -> String {
    good + String(repeating: " ", count: bytes - good.utf8.count)
  }

  /// Negative control.
  @Test func withoutTheBoundALargerBodyIsRead() throws {
    let client = Client(bounds: APIBounds(maximumBodyBytes: 1_000_000))
    #expect(try client.lock(Self.body(bytes: 65_537)).status == 200)
    #expect(client.service.calls.count == 1)
  }

  @Test func theBodyHasABound() throws {
    let fits = Self.body(bytes: 65_536)
    for (path, body) in [
      ("/tickets_lock", fits), ("/tickets_unlock_param", fits),
    ] {
      #expect(try Client().ask("POST", path, body).status == 200)
      let client = Client()
      let response = try client.ask("POST", path, contentType: "text/plain", body + " ")
      #expect(response.status == 413)
      #expect(
        response.text
          == #"{"message":"Request body larger than 65536 bytes","status":413,"data":{}}"#)
      #expect(client.service.calls.isEmpty)
    }
    let bounds = APIBounds(maximumBodyBytes: Self.good.utf8.count)
    #expect(try Client(bounds: bounds).lock(Self.good).status == 200)
    #expect(try Client(bounds: bounds).lock(Self.good + " ").status == 413)
  }

  @Test(arguments: [
    "0123456789abcdef", String(repeating: "Z", count: 128), "azAZ09._-azAZ09._-",
  ])
  func holdIDsWithinBounds(holdID: String) throws {
    let answer = try lock(["a"], holdID: holdID)
    #expect(answer.status == 200)
    #expect(
      answer.operations == [
        .lock(LockRequest(ticketIDs: ["a"], reservedSeconds: 1, holdID: HoldID(holdID)))
      ])
  }

  @Test(arguments: [1, 31, 32, 33])
  func nestingHasABound(levels: Int) throws {
    // Two levels are the body's own.
    let inner =
      String(repeating: "[", count: levels - 1) + String(repeating: "]", count: levels - 1)
    let body =
      #"{"data":{"ticketd_reserved":["a"],"reserved_time":1},"x":\#(inner.isEmpty ? "1" : inner)}"#
    let response = try Client().lock(body)
    if levels <= 32 {
      #expect(response.status == 200)
    } else {
      #expect(
        response.text
          == refusal("the body: expected JSON of at most 32 nested levels, got more"))
    }
    // Brackets within a string are no nesting, whatever is escaped before them.
    let brackets = #"\"\\\""# + String(repeating: "[{", count: 50)
    #expect(try lock([brackets]).status == 200)
  }
}
