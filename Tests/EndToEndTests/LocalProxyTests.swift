import Testing

extension EndToEnd {
  /// A proxy on this machine that nginx does not trust: whom it asks for is unknown, and not this machine.
  @Suite("A local proxy", .site(["HOLDFAST_UNLOCK_FROM": "127.0.0.0/8 ::1"]))
  struct LocalProxyTests {
    private static let proxied = ["X-Forwarded-For: 203.0.113.9"]

    private let http: HTTPConnection

    init() throws { http = try Site.ofSuite().http() }

    @Test(arguments: ["/metrics", "/metrics/1"]) func metricsAreNotForItsClients(path: String)
      throws
    {
      let answer = try http.get(path, headers: Self.proxied)
      #expect(answer.status == 404 && answer.body == Answer.notFound)
      #expect(try http.get(path).status == 200)
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
}
