import Foundation
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
      let livez = Exchange("GET", "/livez", status: 200, answer: Answer.alive)
      let answers = try wire.send([Exchange](repeating: livez, count: 40))
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
      try Clock.wait("the limit lets one through") {
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

    /// One byte of the answer is worth more than none: also while there is no service.
    @Test func theServiceIsAway() throws {
      try site.service("kill", "holdfast")
      defer { try? site.service("start", "holdfast") }
      let http = site.http()
      try Clock.wait("the limit lets one through") {
        let answer = try http.lock(["E1-001"])
        guard answer.status != 429 else { return false }
        #expect(answer.body == Answer.http(502, "Service unavailable: nothing was changed"))
        #expect(answer["Retry-After"] == "1")
        return true
      }
    }
  }
}
