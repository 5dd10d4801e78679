import Testing

extension EndToEnd {
  /// Every answer of `/tickets_confirm` and of the limit by shopper, over HTTPS.
  @Suite("Wire: confirms and limits", .site(["HOLDFAST_MAX_HELD_TICKETS": "3"]))
  struct WireConfirmTests {
    private static let cart = "0123456789abcdef"
    private static let other = "fedcba9876543210"

    private let site: Site
    private let wire: Wire

    init() throws {
      site = try .ofSuite()
      wire = Wire(site)
      try site.database().run(
        "DELETE FROM tickets WHERE ticket_id LIKE 'C-%'; TRUNCATE tickets_blocked, holdfast_sales")
      try site.addTickets("C-", count: 20)
    }

    private func confirm(
      _ tickets: [String], order: String?, holdID: String? = nil, key: String? = nil,
      status: Int, answer: String
    ) -> Exchange {
      Exchange(
        path: "/tickets_confirm",
        body: RequestText.confirm(tickets, order: order, holdID: holdID), status: status,
        answer: answer
      ).with { exchange in
        if let key { exchange.headers.append("Idempotency-Key: \(key)") }
      }
    }

    private func sold(
      _ tickets: [String], order: String, holdID: String? = nil
    ) -> Exchange {
      confirm(
        tickets, order: order, holdID: holdID, status: 200,
        answer: Answer.sold(tickets, order: order))
    }

    private func refused(
      _ tickets: [String], order: String, holdID: String? = nil, because unavailable: [String]
    ) -> Exchange {
      confirm(
        tickets, order: order, holdID: holdID, status: 400, answer: Answer.refused(unavailable))
    }

    private static let mismatch =
      #"{"message":"The order exists with other tickets","status":409,"data":{"valido":false}}"#

    @Test func fromHoldToSale() throws {
      let lock = RequestText.lock(["C-1", "C-2"], holdID: Self.cart)
      #expect(try site.http().post("/tickets_lock", lock).status == 200)
      try wire.check([
        refused(["C-1", "C-3"], order: "A-1", because: ["C-1"]),
        refused(
          ["C-3", "C-2", "nowhere"], order: "A-1", holdID: Self.other,
          because: ["C-2", "nowhere"]),
        sold(["C-2", "C-1"], order: "A-1", holdID: Self.cart),
        .refused(["C-1", "C-3"], because: ["C-1"]),
        // Repeated: the same answer, whatever has become of the hold.
        sold(["C-2", "C-1"], order: "A-1", holdID: Self.cart),
        sold(["C-1", "C-2", "C-1"].uniqued, order: "A-1"),
        confirm(["C-1"], order: "A-1", status: 409, answer: Self.mismatch),
        confirm(["C-3"], order: "A-1", status: 409, answer: Self.mismatch),
        refused(["C-1"], order: "A-2", holdID: Self.cart, because: ["C-1"]),
        // Without a hold.
        sold(["C-3"], order: "A-2"),
      ])
      let database = try site.database()
      #expect(
        try database.column("SELECT order_id || ' ' || ticket_id FROM holdfast_sales ORDER BY 1")
          == ["A-1 C-1", "A-1 C-2", "A-2 C-3"])
      #expect(try database.count("SELECT count(*) FROM tickets_blocked") == 0)
      #expect(
        try database.column(
          "SELECT ticket_id FROM tickets WHERE NOT status AND ticket_id LIKE 'C-%' ORDER BY 1")
          == ["C-1", "C-2", "C-3"])
    }

    @Test func aLatePayment() throws {
      for ticket in ["C-4", "C-5"] {
        #expect(try site.http().lock([ticket], holdID: Self.cart).status == 200)
      }
      try site.database().run(
        "UPDATE tickets_blocked SET locked_up = clock_timestamp() - interval '1 ms'")
      #expect(try site.http().lock(["C-5"], holdID: Self.other).status == 200)
      try wire.check([
        refused(["C-4", "C-5"], order: "L-1", holdID: Self.cart, because: ["C-5"]),
        sold(["C-4"], order: "L-1", holdID: Self.cart),
      ])
    }

    @Test func theIdempotencyKeyIsTheOrder() throws {
      try wire.check([
        confirm(
          ["C-6"], order: nil, key: "K-1", status: 200,
          answer: Answer.sold(["C-6"], order: "K-1")),
        confirm(
          ["C-6"], order: "K-1", key: "K-1", status: 200,
          answer: Answer.sold(["C-6"], order: "K-1")),
        confirm(["C-7"], order: nil, key: "K-1", status: 409, answer: Self.mismatch),
        // What stands for bytes that cannot be read is a character like any other where it was sent.
        confirm(
          ["C-8"], order: nil, key: "K-\u{FFFD}", status: 200,
          answer: Answer.sold(["C-8"], order: "K-\u{FFFD}")),
        confirm(
          ["C-7"], order: "K-2", key: "K-1", status: 400,
          answer: Answer.bad(
            #"data.order_id and Idempotency-Key: expected the same in both, got "K-2" and "K-1""#)),
        confirm(
          ["C-7"], order: nil, status: 400,
          answer: Answer.bad("data.order_id: expected a string of 1 to 128 bytes, got nothing")),
        confirm(
          ["C-7"], order: String(repeating: "x", count: 129), status: 400,
          answer: Answer.bad("data.order_id: expected a string of 1 to 128 bytes, got 129 bytes")),
        Exchange(
          "GET", "/tickets_confirm", status: 405,
          answer: Answer.http(405, "Method not allowed: this path takes POST, OPTIONS")),
      ])
    }

    @Test func atMostThreeTicketsAtOnce() throws {
      func lock(
        _ tickets: [String], holdID: String? = nil, shopper: String? = nil, held: Int?
      ) -> Exchange {
        var members = "\"ticketd_reserved\":\(RequestText.array(tickets)),\"reserved_time\":60"
        if let holdID { members += ",\"hold_id\":\"\(holdID)\"" }
        if let shopper { members += ",\"shopper\":\"\(shopper)\"" }
        return .lock(
          "{\"data\":{\(members)}}", status: held == nil ? 200 : 400,
          answer: held.map { Answer.overLimit(3, held: $0) } ?? Answer.granted(tickets))
      }
      let shopper = "ann@shop.example"
      try wire.check([
        lock(["C-10", "C-11"], shopper: shopper, held: nil),
        lock(["C-12", "C-13"], shopper: shopper, held: 2),
        lock(["C-12"], shopper: shopper, held: nil),
        lock(["C-13"], holdID: Self.cart, shopper: shopper, held: 3),
        lock(["C-13", "C-14", "C-15", "C-16"], holdID: Self.cart, held: 0),
        lock(["C-13", "C-14", "C-15", "C-16"], held: nil),
        .release(#"{"data":{"tickets":["C-10"]}}"#),
        lock(["C-10"], shopper: shopper, held: nil),
        .lock(
          #"{"data":{"ticketd_reserved":["C-17"],"reserved_time":60,"shopper":7}}"#, status: 400,
          answer: Answer.bad("data.shopper: expected a string of 1 to 128 bytes, got a number")),
      ])
      #expect(
        try site.database().count(
          "SELECT count(*) FROM tickets_blocked b WHERE b::text LIKE '%ann%'") == 0)
      #expect(!(try site.log("holdfast-1").contains("ann@")))
    }
  }
}

extension [String] {
  /// Without duplicates.
  fileprivate var uniqued: [String] {
    reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }
}
