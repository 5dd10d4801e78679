import Foundation
import TestSupport
import Testing

extension EndToEnd {
  /// Who may call, by nginx's own means: certificates and addresses.
  @Suite("Callers")
  struct CallerTests {
    private static let key = [
      "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
    ]

    /// An authority, and a client's certificate of it, as deploy/README.md makes them.
    private func makeCertificates(in place: String) throws {
      try Command.succeed(
        ["openssl", "req", "-x509"] + Self.key + [
          "-days", "2", "-subj", "/CN=callers", "-keyout", place + "/ca-key.pem",
          "-out", place + "/ca.pem",
        ])
      try Command.succeed(
        ["openssl", "req"] + Self.key + [
          "-subj", "/CN=shop", "-keyout", place + "/shop-key.pem", "-out", place + "/shop.csr",
        ])
      try Command.succeed([
        "openssl", "x509", "-req", "-in", place + "/shop.csr", "-CA", place + "/ca.pem", "-CAkey",
        place + "/ca-key.pem", "-CAcreateserial", "-days", "2", "-out", place + "/shop.pem",
      ])
    }

    private func livez(_ site: Site, _ more: [String] = []) throws -> String {
      try Command(
        ["curl", "-s", "--cacert", site["HOLDFAST_CA"], site["HOLDFAST_HTTPS_URL"] + "/livez"]
          + more
      ).output
    }

    @Test func onRequestClientsNeedACertificateAndAnAddress() throws {
      let place = try TemporaryDirectory()
      try makeCertificates(in: place.path)
      let settings = [
        "HOLDFAST_CLIENT_CA": place.path + "/ca.pem", "HOLDFAST_UNLOCK_FROM": "192.0.2.0/24",
      ]
      try Site.with(settings) { site in
        #expect(
          try livez(site)
            == Answer.bad("Bad request: expected a client certificate of this site's authority"))
        #expect(
          try livez(
            site, ["--cert", place.path + "/shop.pem", "--key", place.path + "/shop-key.pem"])
            == Answer.alive)
        #expect(try site.http().get("/livez").status == 200)
        let unlock = try site.http().post("/tickets_unlock", "")
        #expect(unlock.status == 404)
        #expect(unlock.body == Answer.notFound)
      }
    }

    /// A client of another network, whose address nginx takes from a trusted proxy.
    private static let elsewhere = ["X-Forwarded-For: 203.0.113.9"]

    /// `/tickets_unlock` is the original's: its clients, wherever they are, must work unchanged.
    @Test func expiredTicketsAreUnlockedForEverybody() throws {
      try Site.with(["HOLDFAST_TRUSTED_PROXIES": "127.0.0.1"]) { site in
        let unlock = try site.http().post("/tickets_unlock", "", headers: Self.elsewhere)
        #expect(unlock.status == 200 && unlock.body == Answer.swept)
        // The control: nginx knows where it comes from.
        let metrics = try site.http().get("/metrics", headers: Self.elsewhere)
        #expect(metrics.status == 404 && metrics.body == Answer.notFound)
      }
    }

    @Test func onRequestExpiredTicketsAreUnlockedForThisMachineAlone() throws {
      let settings = [
        "HOLDFAST_TRUSTED_PROXIES": "127.0.0.1", "HOLDFAST_UNLOCK_FROM": "127.0.0.0/8 ::1",
      ]
      try Site.with(settings) { site in
        let unlock = try site.http().post("/tickets_unlock", "", headers: Self.elsewhere)
        #expect(unlock.status == 404 && unlock.body == Answer.notFound)
        #expect(try site.http().post("/tickets_unlock", "").body == Answer.swept)
      }
    }

    /// The control: by default neither is asked for.
    @Test func byDefaultNoCertificateOrAddressIsAskedFor() throws {
      let site = try Site.shared()
      #expect(try livez(site) == Answer.alive)
      #expect(try site.http().post("/tickets_unlock", "").status == 200)
    }
  }
}
