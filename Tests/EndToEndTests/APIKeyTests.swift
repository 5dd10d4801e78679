import Foundation
import TestSupport
import Testing

extension EndToEnd {
  /// Keys of callers, through nginx.
  @Suite("API keys")
  struct APIKeyTests {
    /// Makes a key with the command: its line for the file, and its secret.
    private func makeKey(_ name: String, scopes: String) throws -> (line: String, secret: String) {
      let output = try Command(
        [TestSettings.binary, "key", "create", name, "--scopes", scopes], seconds: 10
      ).output
      let secret = try #require(output.firstMatch(of: #/hfk_[0-9a-f]{64}/#)).output
      let line = try #require(
        output.split(separator: "\n").first { $0.contains("sha256:") })
      #expect(!line.contains(secret))
      return (String(line), String(secret))
    }

    private func write(_ lines: [String], to path: String) throws {
      let text = lines.joined(separator: "\n") + "\n"
      try text.write(toFile: path, atomically: true, encoding: .utf8)
      chmod(path, 0o644)
    }

    /// Sets the time of the last writing, always to the same.
    private func setTime(of path: String) throws {
      try FileManager.default.setAttributes(
        [.modificationDate: Date(timeIntervalSince1970: 1_700_000_000)], ofItemAtPath: path)
    }

    private func lock(_ site: Site, key: String?) throws -> HTTPResponse {
      try site.http().post(
        "/tickets_lock", RequestText.lock(["E1-001"], holdID: "a-cart-of-the-keys"),
        headers: key.map { ["Authorization: Bearer \($0)"] } ?? [])
    }

    @Test func keysAreAskedForAndRotated() throws {
      let directory = try TemporaryDirectory()
      let path = directory.path + "/keys"
      let holder = try makeKey("shop", scopes: "hold,sell")
      let operating = try makeKey("cron", scopes: "operate")
      try write([holder.line, operating.line], to: path)
      try Site.with(["HOLDFAST_API_KEYS_FILE": path]) { site in
        let without = try lock(site, key: nil)
        #expect(without.status == 401)
        #expect(without["WWW-Authenticate"] == "Bearer")
        #expect(without["Content-Type"] == "application/json")
        #expect(without.data["valido"] as? Bool == false)
        #expect(try lock(site, key: operating.secret).status == 403)
        #expect(try lock(site, key: holder.secret).status == 200)
        let unlock = try site.http().post(
          "/tickets_unlock", "", headers: ["Authorization: Bearer \(holder.secret)"])
        #expect(unlock.status == 403)
        for path in ["/livez", "/readyz", "/openapi.yaml"] {
          #expect(try site.http().get(path).status == 200)
        }

        // A file that cannot be used changes nothing, and is complained of.
        try write(["half of a li"], to: path)
        try waitUntil("the log names the line") {
          _ = try lock(site, key: holder.secret)
          return try site.log("holdfast-1").contains("line 1: ")
        }
        #expect(try lock(site, key: holder.secret).status == 200)

        // Rotation: the new key comes beside the old one, which then goes.
        let next = try makeKey("shop-2", scopes: "hold")
        try write([holder.line, next.line], to: path)
        try waitUntil("the new key") { try lock(site, key: next.secret).status == 200 }
        #expect(try lock(site, key: holder.secret).status == 200)
        try write([next.line], to: path)
        try setTime(of: path)
        try waitUntil("the old key's end") { try lock(site, key: holder.secret).status == 401 }
        #expect(try lock(site, key: next.secret).status == 200)

        // Neither length nor time tells of this change, as they do not of one of who may read the file.
        let last = try makeKey("shop-3", scopes: "hold")
        let file = try #require(FileHandle(forUpdatingAtPath: path))
        try file.write(contentsOf: Data("\(last.line)\n".utf8))
        try file.close()
        try setTime(of: path)
        try waitUntil("the last key") { try lock(site, key: last.secret).status == 200 }
        #expect(try lock(site, key: next.secret).status == 401)

        let logs = try site.log("holdfast-1") + site.log("nginx-access")
        for secret in [holder.secret, operating.secret, next.secret, last.secret] {
          #expect(!logs.contains(secret))
        }
      }
    }

    /// The control: without a file of keys, the same request needs none.
    @Test func withoutAFileNobodyNeedsAKey() throws {
      let site = try Site.shared()
      #expect(try lock(site, key: nil).status == 200)
      #expect(try lock(site, key: "nobodys").status == 200)
    }

    @Test func aFileThatCannotBeUsedStopsTheStart() throws {
      let directory = try TemporaryDirectory()
      let path = directory.path + "/keys"
      for (text, reason) in [("# nobody\n", "at least one key"), ("x hold y\n", "line 1: ")] {
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        let command = try Command(
          [TestSettings.binary, "serve"],
          environment: ["HOLDFAST_LISTEN": "/nowhere/s", "HOLDFAST_API_KEYS_FILE": path],
          seconds: 10)
        #expect(command.exitCode == 2)
        #expect(command.output.contains("HOLDFAST_API_KEYS_FILE"))
        #expect(command.output.contains(reason))
      }
    }
  }
}
