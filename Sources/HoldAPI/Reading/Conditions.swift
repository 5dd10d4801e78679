import Holds

/// What a request says about the representation that it wants.
enum Conditions {
  /// Whether `Accept-Encoding` takes gzip (RFC 9110, section 12.5.3).
  static func coding(_ acceptEncoding: String?) -> ContentCoding {
    guard let acceptEncoding else { return .identity }
    var wildcard: ContentCoding = .identity
    for item in acceptEncoding.split(separator: ",") {
      let parts = item.split(separator: ";").map { trim($0).lowercased() }
      guard let name = parts.first else { continue }
      let isRefused = parts.dropFirst().contains { part in
        part.hasPrefix("q=") && Double(part.dropFirst(2)) == 0
      }
      if name == "gzip" || name == "x-gzip" { return isRefused ? .identity : .gzip }
      if name == "*" { wildcard = isRefused ? .identity : .gzip }
    }
    return wildcard
  }

  /// Whether `If-None-Match` names the entity tag: compared weakly, in a list, or `*` (RFC 9110, section
  /// 13.1.2).
  static func isNotModified(_ ifNoneMatch: String?, tag: String) -> Bool {
    guard let ifNoneMatch else { return false }
    if trim(ifNoneMatch[...]) == "*" { return true }
    return ifNoneMatch.split(separator: ",").contains { item in
      let given = trim(item)
      return (given.hasPrefix("W/") ? given.dropFirst(2) : given[...]) == tag
    }
  }

  private static func trim(_ text: Substring) -> String {
    var rest = text
    while let first = rest.first, first == " " || first == "\t" { rest.removeFirst() }
    while let last = rest.last, last == " " || last == "\t" { rest.removeLast() }
    return String(rest)
  }
}
