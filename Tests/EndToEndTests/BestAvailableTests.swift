import TestSupport
import Testing

extension EndToEnd {
  /// Best available tickets through nginx, at two instances.
  @Suite(
    "Best available",
    .site([
      "HOLDFAST_INSTANCES": "2", "HOLDFAST_COMMITTERS": "2", "HOLDFAST_OVERLAP_AFTER": "0",
      "HOLDFAST_LOCK_TIMEOUT": "5s",
      "HOLDFAST_DEMO_TICKETS": "0",
    ]))
  struct BestAvailableTests {
    private static let cart = "0f8fad5b-d9cb-469f-a165-70867728950e"

    private let site: Site
    private let http: HTTPConnection

    init() throws {
      site = try .ofSuite()
      http = site.http()
      try site.database().run("DELETE FROM tickets_blocked; DELETE FROM tickets")
    }

    @Test func aRepeatRenewsAndAReleaseFrees() throws {
      try site.addVenue("B1", rows: 1, seats: 8)
      try site.addVenue("B2", rows: 1, seats: 8)
      try Wire(site).check([
        Exchange(
          path: "/tickets_lock_best",
          body: RequestText.best(3, of: "B1", zone: "A", isAdjacent: true), status: 200,
          answer: Answer.granted(["B1-A-1-3", "B1-A-1-4", "B1-A-1-5"])),
        Exchange(
          path: "/tickets_lock_best", body: RequestText.best(6, of: "B1"), status: 400,
          answer: Answer.notEnough(free: 5)),
      ])
      // The connections go to both instances in turn.
      let answers = try (0..<8).map { _ in
        try site.http().lockBest(3, of: "B2", seconds: 60, holdID: Self.cart)
      }
      for answer in answers {
        #expect(answer.tickets == ["B2-A-1-3", "B2-A-1-4", "B2-A-1-5"])
        #expect(answer.data["hold_id"] as? String == Self.cart)
        #expect((1...60).contains(answer.data["expires_in"] as? Int ?? 0))
      }
      #expect(try http.lockBest(6, of: "B2").status == 400)
      #expect(try http.release(answers[0].tickets, holdID: Self.cart).status == 200)
      #expect(try http.lockBest(8, of: "B2").status == 200)
    }

    /// 64 clients want all there is, two at a time: disjoint seats, and nobody is refused before the
    /// last are gone. `HoldStoreTests` have the same rush without the commit's protection.
    @Test func aRushTakesEverySeatOnce() throws {
      try site.addVenue("B3", zones: ["A", "B"], rows: 10, seats: 40)
      let port = site.httpPort
      let answers = try inParallel(64) { _ in
        let connection = HTTPConnection(port: port)
        var answers: [HTTPResponse] = []
        repeat {
          answers.append(try connection.lockBest(2, of: "B3"))
        } while answers.last?.status == 200
        return answers
      }.flatMap { $0 }
      let tickets = answers.flatMap(\.tickets)
      #expect(tickets.count == 800)
      #expect(Set(tickets).count == 800)
      let refusals = answers.filter { $0.status != 200 }.map(\.body)
      #expect(Set(refusals) == [Answer.notEnough(free: 0)])
      #expect(try site.database().count("SELECT count(*) FROM tickets_blocked") == 800)
    }
  }
}
