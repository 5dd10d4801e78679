import Foundation
import TestSupport
import Testing

extension EndToEnd {
  /// A `hold_id` can be asked for, and neither it nor the database's password is logged.
  @Suite("Secrets")
  struct SecretTests {
    private let site: Site

    init() throws { site = try .shared() }

    @Test func onRequestEveryHoldHasAnOwner() throws {
      let service = try ServiceProcess(on: site, settings: ["HOLDFAST_REQUIRE_HOLD_ID": "true"])
      try service.waitUntilReady()
      let peer = try service.peer()
      let message = "data.hold_id: expected 16 to 128 of [A-Za-z0-9._-], got nothing"
      #expect(try peer.lock(["x"]).body == Answer.bad(message))
      let release = RequestText.release(["x"])
      #expect(
        try peer.request("POST", "/tickets_unlock_param", body: release).body == Answer.bad(message)
      )
      #expect(try peer.lock(["x"], holdID: "0123456789abcdef").body == Answer.refused(["x"]))
    }

    /// No log shows a `hold_id`, whatever its request asked for.
    @Test func secretsAreNotLogged() throws {
      let service = try ServiceProcess(on: site, settings: ["HOLDFAST_LOG_LEVEL": "trace"])
      try service.waitUntilReady()
      let peer = try service.peer()
      let secret = "a-secret-that-no-log-may-show"
      #expect(try peer.lock(["x"], holdID: secret).status == 400)
      #expect(try peer.lock(["x"], seconds: 0, holdID: secret).status == 400)
      #expect(!(try peer.lock(["x"], holdID: secret + "!").body.contains(secret)))
      service.signal(SIGTERM)
      #expect(service.wait(seconds: 30) != nil)
      #expect(service.log.contains("answered"))
      #expect(!service.log.contains(secret))
      for line in service.log.split(separator: "\n") {
        #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(line.utf8)) }
      }
    }

    @Test func theDatabasesPasswordIsNotLogged() throws {
      let service = try ServiceProcess(
        on: site, settings: ["DATABASE_URL": "postgresql://u:s3cret@/x?host=/nowhere"])
      try waitUntil("a failed connection") { service.log.contains("database connection failed") }
      #expect(!service.log.contains("s3cret"))
    }
  }
}
