/// Removes duplicates among ticket ids.
enum DistinctTickets {
  /// Up to this many, comparing each with each costs less than hashing them.
  private static let fewTickets = 8

  /// The ids at their first place; nil when there are more than `maximum` different ones.
  static func of(_ ids: [String], maximum: Int) -> [String]? {
    let areFew = ids.count <= fewTickets
    var seen = Set<ExactTicketID>(minimumCapacity: areFew ? 0 : min(ids.count, maximum))
    var distinct: [String] = []
    distinct.reserveCapacity(min(ids.count, maximum))
    for id in ids {
      let exact = ExactTicketID(text: id)
      let isNew =
        areFew
        ? !distinct.contains { ExactTicketID(text: $0) == exact } : seen.insert(exact).inserted
      guard isNew else { continue }
      if distinct.count == maximum { return nil }
      distinct.append(id)
    }
    return distinct
  }
}

/// A ticket id that equals another only byte for byte, as in PostgreSQL.
///
/// A `String` equals all that are canonically equivalent to it: "é" in one scalar and in two are
/// different tickets. It also hashes them alike, so that a request of many spellings of one word would
/// take quadratic time.
struct ExactTicketID: Hashable {
  let text: String

  static func == (left: ExactTicketID, right: ExactTicketID) -> Bool {
    left.text.utf8.span.isEqual(to: right.text.utf8.span)
  }

  func hash(into hasher: inout Hasher) {
    var text = text
    text.withUTF8 { unsafe hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
  }
}

extension Span<UInt8> {
  /// Whether both hold the same bytes.
  func isEqual(to other: Span<UInt8>) -> Bool {
    guard count == other.count else { return false }
    for index in indices where self[index] != other[index] { return false }
    return true
  }
}

extension String {
  /// Whether all bytes of the UTF-8 satisfy a condition.
  ///
  /// It takes five instructions a byte, where iterating over `utf8` takes thirty.
  func everyByte(satisfies condition: (UInt8) -> Bool) -> Bool {
    let bytes = utf8.span
    for index in bytes.indices where !condition(bytes[index]) { return false }
    return true
  }
}
