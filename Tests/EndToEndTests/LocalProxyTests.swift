import Testing

extension EndToEnd {
  /// A proxy on this machine that nginx does not trust: whom it asks for is unknown, and not this machine.
  @Suite("A local proxy", .site(["HOLDFAST_UNLOCK_FROM": "127.0.0.0/8 ::1"]))
  struct LocalProxyTests {
    private static let proxied = ["X-Forwarded-For: 203.0.113.9"]

    /// What else a proxy may tell of itself or of its client.
    private static let signs = [
      "Forwarded: for=203.0.113.9", "X-Real-IP: 203.0.113.9", "Via: 1.1 proxy",
    ]

    private let http: HTTPConnection

    init() throws { http = try Site.ofSuite().http() }

    @Test(arguments: ["/metrics", "/metrics/1"]) func metricsAreNotForItsClients(path: String)
      throws
    {
      let answer = try http.get(path, headers: Self.proxied)
      #expect(answer.status == 404 && answer.body == Answer.notFound)
      #expect(try http.get(path).status == 200)
    }

    @Test(arguments: signs) func itIsKnownByOtherHeadersToo(sign: String) throws {
      #expect(try http.get("/metrics", headers: [sign]).status == 404)
      #expect(try http.post("/tickets_unlock", "", headers: [sign]).status == 404)
    }

    @Test func norIsWhatOnlyThisMachineMayUnlock() throws {
      let answer = try http.post("/tickets_unlock", "", headers: Self.proxied)
      #expect(answer.status == 404 && answer.body == Answer.notFound)
      #expect(try http.post("/tickets_unlock", "").body == Answer.swept)
    }

    /// The control: by default everybody may.
    @Test func byDefaultItsClientsMayUnlock() throws {
      let answer = try Site.shared().http().post("/tickets_unlock", "", headers: Self.proxied)
      #expect(answer.body == Answer.swept)
    }
  }

  /// This machine is exempt from the limits, and the clients of a proxy on it are not.
  @Suite("The limits of a local proxy", .site(["HOLDFAST_RATE": "1", "HOLDFAST_RATE_BURST": "3"]))
  struct LocalProxyLimitTests {
    @Test(arguments: [([], 0...0), (["X-Forwarded-For: 203.0.113.9"], 1...40)])
    func itsClientsAreLimited(headers: [String], refusals: ClosedRange<Int>) throws {
      let http = try Site.ofSuite().http()
      let answers = try (0..<40).map { _ in try http.post("/tickets_lock", "{", headers: headers) }
      #expect(refusals.contains(answers.filter { $0.status == 429 }.count))
    }
  }
}
