import TestSupport
import Testing

extension EndToEnd {
  /// Limits are by network: of IPv6 a /64, which is what one client has.
  @Suite(
    "Limits by network",
    .site([
      "HOLDFAST_RATE": "1", "HOLDFAST_RATE_BURST": "1", "HOLDFAST_RATE_EXEMPT": "",
      "HOLDFAST_TRUSTED_PROXIES": "127.0.0.1", "HOLDFAST_DEMO_TICKETS": "0",
    ]))
  struct NetworkLimitTests {
    private let http: HTTPConnection

    init() throws { http = try Site.ofSuite().http() }

    /// A request of the client with this address, through a proxy that nginx trusts.
    private func isLimited(_ address: String) throws -> Bool {
      let answer = try http.post("/tickets_unlock", "", headers: ["X-Forwarded-For: \(address)"])
      #expect(answer.status == 200 || answer.status == 429)
      return answer.status == 429
    }

    @Test(arguments: [
      ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::", "2001:0DB8:0001:0002:ffff:ffff:ffff:ffff"],
      ["2001:db8::1", "2001:db8:0:0:1::", "2001:db8::1:0:0:0", "2001:db8::192.0.2.1"],
      ["2001:db8:0:1::", "2001:db8::1:0:0:0:1", "2001:db8:0:1:1::1"],
      ["0:0:1::1", "::1:0:0:0:0:1", "0:0:1:0:ffff::"],
      ["::2", "::1:2:3:4", "0:0:0:0:5::", "::192.0.2.1"],
      ["2001:db8:a:a0a:a0a:a0a:a0a:a0a", "2001:db8:a:a0a::a"],
      ["2001:db8:ff:ff::ff", "2001:db8:ff:ff:0:ffff:c000:201"],
      ["198.51.100.1", "::ffff:198.51.100.1", "::ffff:c633:6401"],
    ])
    func addressesOfANetworkShareALimit(addresses: [String]) throws {
      // As many are granted as seconds go by, and two at once.
      let start = ContinuousClock.now
      let limited = try (0..<60).map { try isLimited(addresses[$0 % addresses.count]) }
      let seconds = Int(start.duration(to: .now).components.seconds)
      #expect(limited.count { !$0 } <= seconds + 3)
    }

    @Test func othersHaveTheirOwn() throws {
      let addresses = [
        "2001:db8:2:2::1", "2001:db8:2:3::1", "2001:db8:2:1::1", "2001:db8:0:2::1", "2001:db8:2::1",
        "2001:db9::1", "2:2::", "0:2::", "0:0:2::", "0:0:0:2::", "2::", "2001:db8:a:a:a0a::",
        "2001:db8:a:a00::", "198.51.100.2", "198.51.100.3", "::ffff:198.51.100.4",
        "::ffff:198.51.100.5", "0:0:0:1:0:fffe:198.51.100.6", "c633:6402::", "198.51.10.10",
      ]
      // Two at once are granted to each.
      for address in addresses + addresses { #expect(try !isLimited(address), "\(address)") }
    }
  }
}
