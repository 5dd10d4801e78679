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
  /// - Throws: What was expected. It quotes only the name: a secret may stand in the wrong place.
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
    guard let scopes = Self.scopes(words[1]) else {
      let known = APIScope.allCases.map(\.rawValue).joined(separator: ", ")
      throw APIKeyError("key \(name): expected some of \(known) as scopes, separated by commas")
    }
    self.scopes = scopes
    guard let digest = KeyDigest(words[2]) else {
      throw APIKeyError("key \(name): expected sha256: and 64 hexadecimal digits in small letters")
    }
    self.digest = digest
    lastDay = words.count == 4 ? CalendarDay(words[3]) : nil
    guard words.count == 3 || lastDay != nil else {
      throw APIKeyError("key \(name): expected a last day such as 2027-01-31")
    }
  }

  /// The scopes that a list separated by commas names; nil if a name is not one.
  private static func scopes(_ list: Substring) -> Set<APIScope>? {
    let words = list.split(separator: ",", omittingEmptySubsequences: false)
    let scopes = words.compactMap { APIScope(rawValue: String($0)) }
    return scopes.count == words.count ? Set(scopes) : nil
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
