import Testing

extension EndToEnd {
  /// What becomes of confirms and of the limit by shopper on their way through nginx. Their rules are told in
  /// `HoldStoreTests`, and their answers in `HoldAPITests`.
  @Suite("Wire: confirms and limits", .site(["HOLDFAST_MAX_HELD_TICKETS": "3"]))
  struct WireConfirmTests {
    private let site: Site
    private let wire: Wire

    init() throws {
      site = try .ofSuite()
      wire = Wire(site)
      try site.database().run(
        "DELETE FROM tickets WHERE ticket_id LIKE 'C-%'; TRUNCATE tickets_blocked, holdfast_sales")
      try site.addTickets("C-", count: 20)
    }

    @Test func theIdempotencyKeyIsTheOrder() throws {
      let cart = "0123456789abcdef"
      func confirm(
        _ ticket: String, order: String? = nil, key: String, status: Int = 200, answer: String
      ) -> Exchange {
        Exchange(
          path: "/tickets_confirm",
          body: RequestText.confirm([ticket], order: order, holdID: cart), status: status,
          answer: answer
        ).with { $0.headers.append("Idempotency-Key: \(key)") }
      }
      #expect(try site.http().lock(["C-1"], holdID: cart).status == 200)
      try wire.check([
        confirm("C-1", key: "K-1", answer: Answer.sold(["C-1"], order: "K-1")),
        confirm("C-1", order: "K-1", key: "K-1", answer: Answer.sold(["C-1"], order: "K-1")),
        .refused(["C-1"], because: ["C-1"]),
        confirm(
          "C-2", key: "K-1", status: 409,
          answer: Answer.bad("The order exists with other tickets", status: 409)),
        // What stands for bytes that cannot be read is a character like any other where it was sent.
        confirm("C-3", key: "K-\u{FFFD}", answer: Answer.sold(["C-3"], order: "K-\u{FFFD}")),
        confirm(
          "C-2", order: "K-2", key: "K-1", status: 400,
          answer: Answer.bad(
            #"data.order_id and Idempotency-Key: expected the same in both, got "K-2" and "K-1""#)),
      ])
    }

    /// nginx tells the service of no other; newer versions of it join them.
    @Test func ofSeveralIdempotencyKeysTheFirstCounts() throws {
      let confirm = Exchange(
        path: "/tickets_confirm", body: RequestText.confirm(["C-5"]), status: 200,
        answer: Answer.sold(["C-5"], order: "K-5"))
      try wire.check([
        confirm.with { $0.headers += ["Idempotency-Key: K-5", "Idempotency-Key: K-6"] }
      ])
    }

    @Test func aShopperOverTheLimitIsToldSoAndNeitherLoggedNorStored() throws {
      func lock(_ tickets: [String], status: Int = 200, answer: String) -> Exchange {
        .lock(
          "{\"data\":{\"ticketd_reserved\":\(RequestText.array(tickets)),\"reserved_time\":60,"
            + "\"shopper\":\"ann@shop.example\"}}", status: status, answer: answer)
      }
      try wire.check([
        lock(["C-10", "C-11"], answer: Answer.granted(["C-10", "C-11"])),
        lock(["C-12", "C-13"], status: 400, answer: Answer.overLimit(3, held: 2)),
        lock(["C-12"], answer: Answer.granted(["C-12"])),
      ])
      #expect(
        try site.database().column(
          "SELECT position(encode('ann@', 'hex') IN b::text) FROM tickets_blocked b")
          == ["0", "0", "0"])
      #expect(!(try site.log("holdfast-1").contains("ann@")))
    }
  }
}
