import HoldAPI
import Testing

/// How keys are written, and which lines are refused.
@Suite struct APIKeyTests {
  /// `printf abc | sha256sum`, from FIPS 180-4's examples.
  private static let digest =
    "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

  @Test func theDigestIsSHA256() {
    #expect(KeyDigest(ofSecret: "abc").text == Self.digest)
    #expect(
      KeyDigest(ofSecret: "").text
        == "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
  }

  @Test func aLineHasNameScopesDigestAndLastDay() throws {
    let key = try APIKey(line: "shop-1  hold,sell\t\(Self.digest) 2027-01-31")
    #expect(key.name == "shop-1")
    #expect(key.scopes == [.hold, .sell])
    #expect(try APIKey(line: "x operate \(Self.digest)").scopes == [.operate])
  }

  @Test(arguments: [
    ("shop hold", "got 2 words"),
    ("shop hold \(digest) 2027-01-31 more", "got 5 words"),
    ("sh/op hold \(digest)", "a key's name"),
    ("\(String(repeating: "a", count: 65)) hold \(digest)", "a key's name"),
    ("shop \(digest) hold", "as scopes"),
    ("shop hold, \(digest)", "as scopes"),
    ("shop Hold \(digest)", "as scopes"),
    ("shop hold \(digest)0", "64 hexadecimal digits"),
    ("shop hold \(digest.uppercased())", "64 hexadecimal digits"),
    ("shop hold \(digest.dropFirst(7))", "64 hexadecimal digits"),
    ("shop hold \(digest) 2027-02-29", "a last day"),
    ("shop hold \(digest) 2027-13-01", "a last day"),
    ("shop hold \(digest) tomorrow", "a last day"),
  ])
  func otherLinesAreRefused(line: String, because reason: String) {
    let error = #expect(throws: APIKeyError.self) { try APIKey(line: line) }
    let text = error?.description ?? ""
    #expect(text.contains(reason), "\(text)")
    #expect(!text.contains(Self.digest))
  }

  @Test func aFileHasOneKeyALine() throws {
    let text = "# callers\n\n a hold \(Self.digest)\r\n\t# more\nb sell \(Self.digest)"
    #expect(try APIKeys(text: text).count == 2)
  }

  @Test(arguments: [
    ("", "at least one key"), ("# none\n\n", "at least one key"),
    ("a hold \(digest)\n\nb\n", "line 3: "),
  ])
  func aFileThatIsNotWholeIsRefused(text: String, because reason: String) {
    let error = #expect(throws: APIKeyError.self) { try APIKeys(text: text) }
    #expect(error?.description.contains(reason) == true)
  }
}
