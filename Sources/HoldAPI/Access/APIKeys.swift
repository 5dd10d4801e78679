/// The keys of all callers, as a file has them: one a line; empty lines and lines that begin with `#`
/// say nothing.
public struct APIKeys: Sendable {
  private let keys: [APIKey]

  /// Reads a file's text.
  ///
  /// - Throws: The first line that is wrong, by its number. A file without a key is wrong too: most
  ///   likely it is only half written.
  public init(text: String) throws(APIKeyError) {
    var keys: [APIKey] = []
    let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    for (index, line) in lines.enumerated() {
      guard let first = line.first(where: { !$0.isWhitespace }), first != "#" else { continue }
      do {
        keys.append(try APIKey(line: line))
      } catch {
        throw APIKeyError("line \(index + 1): \(error)")
      }
    }
    guard !keys.isEmpty else { throw APIKeyError("expected at least one key") }
    self.keys = keys
  }

  /// How many there are, expired ones included.
  public var count: Int { keys.count }

  /// The key with this secret; nil if there is none, or if it has expired.
  ///
  /// It looks at every key, so that the time tells nothing of where one was found.
  func key(withSecret secret: String, atUnixSeconds now: Int) -> APIKey? {
    let digest = KeyDigest(ofSecret: secret)
    var found: APIKey?
    for key in keys where key.hasSecret(withDigest: digest) && !key.isExpired(atUnixSeconds: now) {
      found = found ?? key
    }
    return found
  }
}
