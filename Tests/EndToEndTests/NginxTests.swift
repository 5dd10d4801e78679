import Foundation
import TestSupport
import Testing

extension EndToEnd {
  /// What nginx answers by itself: limits, and what it says while the service is away.
  @Suite(
    "nginx",
    .site([
      "HOLDFAST_RATE": "1", "HOLDFAST_RATE_BURST": "3", "HOLDFAST_RATE_EXEMPT": "",
      "HOLDFAST_CORS_ORIGINS": "https://shop.example https://box.example:8443",
    ]))
  struct NginxTests {
    private let site: Site
    private let wire: Wire

    init() throws {
      site = try .ofSuite()
      wire = Wire(site)
    }

    /// One a second, and a burst of three: of forty at once most are refused, in the API's envelope.
    @Test func tooManyRequests() throws {
      let unlock = Exchange(path: "/tickets_unlock", body: "", status: 200, answer: Answer.swept)
      let answers = try wire.send([Exchange](repeating: unlock, count: 40))
      let refused = answers.filter { $0.status == 429 }
      #expect((3..<40).contains(refused.count))
      for answer in refused {
        #expect(answer.body == Answer.http(429, "Too many requests: nothing was changed"))
        #expect(answer["Retry-After"] == "1")
        #expect(answer["Cache-Control"] == "no-store")
        #expect(answer["Content-Type"] == "application/json")
        #expect(answer["X-Request-Id"]?.count == 32)
      }
      #expect(answers.allSatisfy { $0.status == 200 || $0.status == 429 })
    }

    /// Asks until one is refused.
    private func spend(_ ask: () throws -> HTTPResponse) throws {
      for _ in 0..<10_000 where try ask().status == 429 { return }
      Issue.record("none was refused")
    }

    @Test func whoHasSpentItsRateMayAskForTheHealth() throws {
      let http = site.http()
      for path in ["/livez", "/readyz"] {
        try spend { try http.post("/tickets_unlock", "") }
        for _ in 0..<20 { #expect(try http.get(path).status == 200) }
      }
    }

    /// A balancer that nginx does not trust asks for the health as itself, and passes on what its clients ask.
    @Test func aProxysClientsDoNotSpendItsHealthChecks() throws {
      let http = site.http()
      try spend { try http.get("/readyz", headers: ["X-Forwarded-For: 203.0.113.9"]) }
      for _ in 0..<20 { #expect(try http.get("/readyz").status == 200) }
    }

    @Test(arguments: [
      ("/tickets_lock", "POST"), ("/tickets_availability?event_id=E1", "GET, HEAD"),
    ])
    func onlyNamedOrigins(path: String, methods: String) throws {
      func preflight(_ origin: String) throws -> HTTPResponse {
        let exchange = Exchange("OPTIONS", path, status: 204, answer: "").with {
          $0.headers = ["Origin: \(origin)", "Access-Control-Request-Method: \(methods.prefix(4))"]
        }
        return try wire.send([exchange])[0]
      }
      try waitUntil("the limit lets one through") {
        try preflight("https://shop.example").status == 204
      }
      for origin in ["https://shop.example", "https://box.example:8443"] {
        let answer = try preflight(origin)
        #expect(answer["Access-Control-Allow-Origin"] == origin)
        #expect(answer["Access-Control-Allow-Methods"] == methods)
      }
      for origin in ["https://evil.example", "https://shop.example.evil.example", "null"] {
        let answer = try preflight(origin)
        #expect(answer.values("Access-Control-Allow-Origin") == [])
        #expect(answer.values("Access-Control-Allow-Methods") == [])
      }
    }

    /// Repeats a request until the limit lets it through.
    private func unlimited(_ ask: () throws -> HTTPResponse) throws -> HTTPResponse {
      var answer = try ask()
      try waitUntil("the limit lets one through") {
        if answer.status == 429 { answer = try ask() }
        return answer.status != 429
      }
      return answer
    }

    /// What a load balancer takes the host out for.
    private func expectNotReady(_ answer: HTTPResponse) {
      #expect(answer.status == 503)
      #expect(
        answer.body == #"{"message":"Not ready: no instance of the service answers","status":503,"#
          + #""data":{"service":"unreachable"}}"#)
      #expect(answer["Retry-After"] == "1")
      #expect(answer["Cache-Control"] == "no-store")
      #expect(answer["Content-Type"] == "application/json")
    }

    /// One byte of the answer is worth more than none: also while there is no service.
    @Test func theServiceIsAway() throws {
      try site.service("kill", "holdfast")
      defer { try? site.service("start", "holdfast") }
      let http = site.http()
      let lock = try unlimited { try http.lock(["E1-001"]) }
      #expect(lock.body == Answer.http(502, "Service unavailable: nothing was changed"))
      #expect(lock["Retry-After"] == "1")
      expectNotReady(try unlimited { try http.get("/readyz") })
      // The path has all other answers of nginx as well.
      let posted = try unlimited { try http.post("/readyz", "") }
      #expect(posted.status == 405)
      #expect(posted["Allow"] == "GET, HEAD, OPTIONS")
      #expect(posted["Content-Type"] == "application/json")
      let head = try unlimited {
        try http.exchange("HEAD /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n", hasBody: false)
      }
      #expect(head.status == 503)
    }

    /// nginx waits for an answer as long as for any.
    @Test func theServiceHangs() throws {
      kill(site.holdfastID, SIGSTOP)
      defer { kill(site.holdfastID, SIGCONT) }
      let http = site.http()
      expectNotReady(try unlimited { try http.get("/readyz") })
    }
  }
}
