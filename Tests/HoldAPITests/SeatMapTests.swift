import HoldAPI
import Holds
import Testing

/// Seat maps and lists, as the endpoints write what a store gives.
@Suite struct SeatMapTests {
  /// A store that answers at once, and keeps what it was asked for.
  ///
  /// Unchecked: a test calls it from one thread.
  private final class Store: SeatMapService, @unchecked Sendable {
    var map: ReadOutcome<SeatMapAnswer> = .notFound
    var list: ReadOutcome<LongBody> = .notFound
    private(set) var asked: [String] = []

    func seatMap(
      _ part: SeatMapPart, of eventID: EventID,
      completion: @escaping @Sendable (ReadOutcome<SeatMapAnswer>) -> Void
    ) {
      asked.append("\(part) \(eventID.text)")
      completion(map)
    }

    func tickets(
      of eventID: EventID, showsSales: Bool,
      completion: @escaping @Sendable (ReadOutcome<LongBody>) -> Void
    ) {
      asked.append("\(showsSales ? "sales" : "list") \(eventID.text)")
      completion(list)
    }
  }

  private let store = Store()

  private func ask(
    _ method: String = "GET", _ path: String, query: String = "", body: String = "",
    headers: [String: String] = [:]
  ) throws -> APIResponse {
    try Client(seatMaps: store)
      .ask(method, path, query: query, body, headers: headers, expecting: nil)
  }

  private func whole(_ response: APIResponse) -> String {
    let long = response.longBody?.pieces.flatMap { $0 } ?? []
    return String(decoding: response.body + long + response.bodyEnd, as: UTF8.self)
  }

  private static let answer = SeatMapAnswer(tag: "abc", second: 1_700_000_000) { coding in
    LongBody([Array((coding == .gzip ? "packed" : "plain").utf8)])
  }

  @Test func theTwoCodings() throws {
    store.map = .found(Self.answer)
    let plain = try ask("GET", "/tickets_availability", query: "event_id=E1")
    #expect(plain.status == 200 && whole(plain) == "plain")
    #expect(plain.value(of: "ETag") == "\"abc\"")
    #expect(plain.value(of: "Content-Encoding") == nil)
    #expect(plain.value(of: "Content-Type") == "application/json")
    #expect(plain.value(of: "Cache-Control") == "public, max-age=1, stale-while-revalidate=1")
    #expect(plain.value(of: "X-Accel-Expires") == "@1700000000")
    #expect(plain.value(of: "X-Request-Id") == Client.requestID)
    let packed = try ask(
      "GET", "/tickets_layout", query: "event_id=E1",
      headers: ["HTTP_ACCEPT_ENCODING": "br, GZIP;q=0.5"])
    #expect(whole(packed) == "packed" && packed.value(of: "ETag") == "\"abc-gzip\"")
    #expect(packed.value(of: "Content-Encoding") == "gzip")
    #expect(packed.value(of: "Vary") == "Accept-Encoding")
    #expect(store.asked == ["availability E1", "layout E1"])
  }

  /// nginx takes the lifetime from the last of these headers.
  @Test func theLifetimeFollowsTheDirective() throws {
    store.map = .found(Self.answer)
    let headers = try ask("GET", "/tickets_layout", query: "event_id=E1").headers
    let directive = try #require(headers.firstIndex { $0.hasPrefix("Cache-Control: ") })
    let lifetime = try #require(headers.firstIndex { $0.hasPrefix("X-Accel-Expires: ") })
    #expect(directive < lifetime)
  }

  @Test(arguments: [
    ("gzip", true), ("deflate, gzip", true), ("x-gzip", true), ("*", true), ("gzip;q=1.0", true),
    ("gzip;q=0", false), ("gzip ; q=0.000", false), ("identity", false), ("", false),
    ("*;q=0", false), ("br", false), ("gzip;q=0, *", false),
  ])
  func acceptedEncodings(_ header: String, isGzip: Bool) throws {
    store.map = .found(Self.answer)
    let response = try ask(
      "GET", "/tickets_layout", query: "event_id=E", headers: ["HTTP_ACCEPT_ENCODING": header])
    #expect((response.value(of: "Content-Encoding") == "gzip") == isGzip)
  }

  @Test(arguments: [
    ("\"abc\"", true), ("W/\"abc\"", true), ("\"x\",\"abc\"", true), (" \"x\" , W/\"abc\" ", true),
    ("*", true), ("\"abc-gzip\"", false), ("abc", false), ("\"ABC\"", false), ("", false),
  ])
  func conditions(_ header: String, isUnchanged: Bool) throws {
    store.map = .found(
      SeatMapAnswer(tag: "abc", second: 7) { _ in
        isUnchanged ? nil : LongBody([Array("x".utf8)])
      })
    let response = try ask(
      "GET", "/tickets_layout", query: "event_id=E", headers: ["HTTP_IF_NONE_MATCH": header])
    #expect(response.status == (isUnchanged ? 304 : 200))
    if isUnchanged {
      #expect(whole(response).isEmpty && response.value(of: "ETag") == "\"abc\"")
      #expect(response.value(of: "X-Accel-Expires") == "@7")
      #expect(response.value(of: "Content-Type") == nil)
    }
  }

  @Test func headHasNoBody() throws {
    store.map = .found(Self.answer)
    let response = try ask("HEAD", "/tickets_layout", query: "event_id=E")
    #expect(response.status == 200 && response.bodyByteCount == 0)
    #expect(response.value(of: "ETag") == "\"abc\"")
  }

  @Test func queries() throws {
    store.map = .found(Self.answer)
    for query in [
      "event_id=a%20b%26%C3%A9", "x=1&event_id=a+b%26%c3%a9&event_id=other", "&&event_id=a+b%26é",
    ] {
      #expect(try ask("GET", "/tickets_layout", query: query).status == 200)
    }
    #expect(store.asked == [String](repeating: "layout a b&é", count: 3))
    for (query, got) in [
      ("", "nothing"), ("event=1", "nothing"), ("event_id", #"\"\""#), ("event_id=", #"\"\""#),
      ("event_id=%0", nil), ("event_id=%", nil), ("event_id=%C3", nil), ("event_id=a%00", nil),
      ("event_id=" + String(repeating: "x", count: 257), nil),
    ] {
      let response = try ask("GET", "/tickets_availability", query: query)
      #expect(response.status == 400, "\(query)")
      #expect(response.text.hasPrefix(#"{"message":"event_id: expected "#))
      #expect(response.text.hasSuffix(#","status":400,"data":{"valido":false}}"#))
      if let got { #expect(response.text.contains("got \(got)\"")) }
    }
  }

  @Test func lists() throws {
    store.list = .found(LongBody([Array("[1,".utf8), Array("2]".utf8)]))
    let body = #"{"data":{"event_id":"E1"}}"#
    let response = try ask("POST", "/tickets_list_event", body: body)
    #expect(
      whole(response)
        == #"{"message":"Evento Encontrado","status":200,"data":{"valido":true,"response":[1,2]}}"#)
    #expect(response.value(of: "Cache-Control") == "no-store")
    store.list = .notFound
    let unknown = try ask("POST", "/tickets_list_event_sales", body: body)
    #expect(unknown.status == 400)
    #expect(
      unknown.text == #"{"message":"Evento no Encontrado","status":400,"data":{"valido":false}}"#)
    #expect(store.asked == ["list E1", "sales E1"])
  }

  @Test(arguments: [
    (ReadFailure.busy, 503, "Service busy: too much is being read"),
    (.stopping, 503, "Service stopping"),
    (.databaseUnreachable, 503, "Database not reached in time"),
    (.databaseRefused, 500, "Internal error"),
    (
      .columnMissing("tickets.event_id"), 503,
      "Column tickets.event_id missing: lists and seat maps need it"
    ),
  ])
  func failures(_ failure: ReadFailure, status: Int, message: String) throws {
    store.map = .failed(failure)
    store.list = .failed(failure)
    for response in [
      try ask("GET", "/tickets_layout", query: "event_id=E"),
      try ask("POST", "/tickets_list_event", body: #"{"data":{"event_id":"E"}}"#),
    ] {
      #expect(response.status == status)
      #expect(
        response.text == #"{"message":"\#(message); nothing was changed","status":\#(status),"#
          + #""data":{"valido":false}}"#)
      #expect((response.value(of: "Retry-After") == "1") == (status == 503))
      #expect(response.value(of: "Cache-Control") == "no-store")
      #expect(response.value(of: "X-Accel-Expires") == nil)
    }
  }

  @Test func noRoomForALongBody() throws {
    store.map = .found(SeatMapAnswer(tag: "abc", second: 1) { _ in nil })
    let response = try ask("GET", "/tickets_layout", query: "event_id=E")
    #expect(response.status == 503 && response.value(of: "X-Accel-Expires") == nil)
  }
}
