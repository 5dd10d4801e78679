import Testing

extension EndToEnd {
  /// Headers that nginx takes, and that are long together: the service would close the connection.
  @Suite("Large headers", .site(["HOLDFAST_DEMO_TICKETS": "0"]))
  struct LargeHeaderTests {
    /// What nginx passes on, and not one byte more: nginx/render subtracts 1024 from the setting.
    private static let bytes = 16_384 - 1024

    private static let tooLarge = Answer.bad("Bad request: header too large")

    private let wire: Wire

    init() throws { wire = Wire(try .ofSuite()) }

    private static func header(_ name: String, _ count: Int) -> String {
      "\(name): \(String(repeating: "a", count: count))"
    }

    /// The same over HTTP/2 and HTTP/1.1.
    private func check(_ exchanges: [Exchange]) throws {
      try wire.check(exchanges + exchanges.map { $0.with { $0.isHTTP1 = true } })
    }

    private func post(
      _ path: String, _ headers: [String], status: Int = 400, answer: String = tooLarge
    ) -> Exchange {
      let body = RequestText.confirm(["T-1"], order: "A")
      return Exchange(path: path, body: body, status: status, answer: answer)
        .with { $0.headers = headers }
    }

    @Test func allThatIsPassedOnCountsTogether() throws {
      let headers = ["Content-Type", "Authorization", "Idempotency-Key"]
      let paths = [
        "/tickets_lock", "/tickets_lock_best", "/tickets_unlock_param", "/tickets_confirm",
        "/tickets_list_event", "/tickets_list_event_sales", "/tickets_unlock",
      ]
      try check(paths.map { post($0, headers.map { Self.header($0, 7000) }) })
    }

    @Test func aLongQueryCounts() throws {
      let event = String(repeating: "a", count: 7000)
      let headers = ["Authorization", "Idempotency-Key"].map { Self.header($0, 7000) }
      try check(
        ["/tickets_layout", "/tickets_availability"].map { path in
          Exchange("GET", "\(path)?event_id=\(event)", status: 400, answer: Self.tooLarge)
            .with { $0.headers = headers }
        })
    }

    /// With the longest of all that is passed on besides, the service takes as much as nginx does.
    @Test func upToTheBoundTheServiceAnswers() throws {
      let trace = String(repeating: "1", count: 32)
      let others = [
        Self.header("X-Request-Id", 64),
        "Traceparent: 01-\(trace)-\(trace.prefix(16))-01-\(String(repeating: "x", count: 400))",
      ]
      let (type, part) = ("application/json;", 5000)
      let length = RequestText.confirm(["T-1"], order: "A").utf8.count
      func confirm(_ total: Int, _ answer: String) -> Exchange {
        let padding = total - "POST\(type)\(length)".utf8.count - 2 * part
        let long = ["Idempotency-Key", "Authorization"].map { Self.header($0, part) }
        return post(
          "/tickets_confirm",
          others + long + ["Content-Type: \(type)\(String(repeating: "a", count: padding))"],
          answer: answer)
      }
      let key = String(repeating: "a", count: 40)
      let answer = Answer.bad(
        "Idempotency-Key: expected 1 to 128 bytes of UTF-8, got \"\(key)...\" (\(part) bytes)")
      try check([confirm(Self.bytes, answer), confirm(Self.bytes + 1, Self.tooLarge)])
    }

    /// One header alone may have any length that nginx takes.
    @Test func oneLongHeaderIsServed() throws {
      let got = "\"\(String(repeating: "a", count: 40))...\" (8000 bytes)"
      try check([
        post(
          "/tickets_lock", ["Content-Type: application/json", Self.header("Authorization", 8000)],
          answer: Answer.bad(
            "data.ticketd_reserved: expected an array of 1 to 100 ticket ids, got nothing")),
        post(
          "/tickets_lock", [Self.header("Content-Type", 8000)], status: 415,
          answer: Answer.http(415, "send the header Content-Type: application/json, got \(got)")),
      ])
    }
  }
}
