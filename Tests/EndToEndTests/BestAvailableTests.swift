import TestSupport
import Testing
import Threads

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

    private func exchange(_ body: String, status: Int, answer: String) -> Exchange {
      Exchange(path: "/tickets_lock_best", body: body, status: status, answer: answer)
    }

    @Test func theContractsAnswers() throws {
      try site.addVenue("B1", zones: ["A", "B"], rows: 2, seats: 12)
      try Wire(site).check([
        exchange(
          RequestText.best(3, of: "B1", zone: "A"), status: 200,
          answer: Answer.granted(["B1-A-1-5", "B1-A-1-6", "B1-A-1-7"])),
        exchange(
          RequestText.best(12, of: "B1", zone: "A", isAdjacent: true), status: 200,
          answer: Answer.granted((1...12).map { "B1-A-2-\($0)" })),
        exchange(
          RequestText.best(6, of: "B1", zone: "A", isAdjacent: true), status: 400,
          answer: Answer.notEnough(free: 9)),
        exchange(
          RequestText.best(10, of: "B1", zone: "A"), status: 400, answer: Answer.notEnough(free: 9)),
        exchange(
          RequestText.best(1, of: "B1", zone: "C"), status: 400, answer: Answer.notEnough(free: 0)),
        exchange(
          RequestText.best(1, of: "nowhere"), status: 400, answer: Answer.notEnough(free: 0)),
        exchange(
          #"{"data":{"event_id":"B1","quantity":0,"reserved_time":600}}"#, status: 400,
          answer: Answer.bad("data.quantity: expected a whole number from 1 to 100, got 0")),
        Exchange(
          "GET", "/tickets_lock_best", status: 405,
          answer: Answer.http(405, "Method not allowed: this path takes POST, OPTIONS")),
      ])
    }

    @Test func aRepeatRenewsAndAReleaseFrees() throws {
      try site.addVenue("B2", rows: 1, seats: 8)
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
    /// last are gone.
    @Test func aRushTakesEverySeatOnce() throws {
      try site.addVenue("B3", zones: ["A", "B"], rows: 10, seats: 40)
      let port = site.httpPort
      let taken = Monitor<[String]>([])
      let early = Monitor<[String]>([])
      let (events, others) = (800, Monitor<[Int]>([]))
      try inParallel(64) { _ in
        let connection = HTTPConnection(port: port)
        while true {
          let answer = try connection.lockBest(2, of: "B3")
          switch answer.status {
          case 200: taken.withLock { $0 += answer.tickets }
          case 400:
            // What this client was told must have been so: there was nothing left.
            if answer.data["free"] as? Int != 0 { early.withLock { $0.append(answer.body) } }
            return
          default: others.withLock { $0.append(answer.status) }
          }
        }
      }
      let tickets = taken.withLock { $0 }
      #expect(tickets.count == events)
      #expect(Set(tickets).count == events)
      #expect(early.withLock { $0 }.isEmpty)
      #expect(others.withLock { $0 }.isEmpty)
      #expect(
        try site.database().count("SELECT count(*) FROM tickets_blocked") == events)
    }

    /// The same rush on a commit that grants what is held: else the test above would prove nothing.
    @Test func withoutTheCommitsProtectionTwoInstancesCollide() throws {
      try site.addVenue("B4", rows: 20, seats: 20)
      let port = site.httpPort
      let taken = Monitor<[String]>([])
      try CommitFunction(site).replacing([
        ("WHEN b.locked_up > v_now", "WHEN false AND b.locked_up > v_now")
      ]) {
        try inParallel(16) { _ in
          let connection = HTTPConnection(port: port)
          for _ in 0..<8 {
            let tickets = try connection.lockBest(1, of: "B4").tickets
            taken.withLock { $0 += tickets }
          }
        }
      }
      let tickets = taken.withLock { $0 }
      #expect(Set(tickets).count < tickets.count)
    }
  }
}
