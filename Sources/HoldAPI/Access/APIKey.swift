/// One caller's key: its name, what it may be used for, and the digest of its secret.
///
/// A line of the file of keys: `NAME SCOPES sha256:DIGITS [LASTDAY]`, where scopes are separated by
/// commas and the last day is written `2027-01-31`, in UTC.
public struct APIKey: Sendable {
  private static let maximumNameBytes = 64

  /// Who holds the key, for people.
  public let name: String

  /// What it may be used for; at least one.
  public let scopes: Set<APIScope>

  private let digest: KeyDigest
  private let lastDay: CalendarDay?

  /// Reads a line.
  ///
  /// - Throws: What was expected; it never quotes the digest.
  public init(line: some StringProtocol) throws(APIKeyError) {
    let words = line.split(whereSeparator: \.isWhitespace).map { Substring($0) }
    guard (3...4).contains(words.count) else {
      throw APIKeyError(
        #"expected "NAME SCOPES sha256:DIGITS [LASTDAY]", got \#(words.count) words"#)
    }
    guard Self.isName(words[0]) else {
      throw APIKeyError("a key's name: expected 1 to 64 of [A-Za-z0-9._-]")
    }
    name = String(words[0])
    scopes = try Self.scopes(words[1])
    guard let digest = KeyDigest(words[2]) else {
      throw APIKeyError("key \(name): expected sha256: and 64 hexadecimal digits in small letters")
    }
    self.digest = digest
    lastDay = words.count == 4 ? CalendarDay(words[3]) : nil
    guard words.count == 3 || lastDay != nil else {
      throw APIKeyError("key \(name): expected a last day such as 2027-01-31, got \(words[3])")
    }
  }

  /// The scopes that a list separated by commas names.
  private static func scopes(_ list: Substring) throws(APIKeyError) -> Set<APIScope> {
    var scopes: Set<APIScope> = []
    for word in list.split(separator: ",", omittingEmptySubsequences: false) {
      guard let scope = APIScope(rawValue: String(word)) else {
        let known = APIScope.allCases.map(\.rawValue).joined(separator: ", ")
        throw APIKeyError("scopes: expected some of \(known), separated by commas, got \(list)")
      }
      scopes.insert(scope)
    }
    return scopes
  }

  private static func isName(_ text: Substring) -> Bool {
    (1...maximumNameBytes).contains(text.utf8.count)
      && text.wholeMatch(of: #/[A-Za-z0-9._-]+/#) != nil
  }

  func hasSecret(withDigest other: KeyDigest) -> Bool { digest.equals(other) }

  func isExpired(atUnixSeconds now: Int) -> Bool {
    guard let lastDay else { return false }
    return now >= lastDay.endUnixSeconds
  }
}

/// A line, or a file, that holds no usable key.
public struct APIKeyError: Error, Equatable, CustomStringConvertible {
  /// What was expected.
  public let description: String

  init(_ description: String) { self.description = description }
}
