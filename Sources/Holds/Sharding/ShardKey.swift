/// How a ticket's key is taken from its id, where the tickets lie on several servers: all tickets of one
/// key are on one server, and each commit is about one key.
public struct ShardKey: Sendable, Equatable {
  /// What a setting may say.
  public static let expectation = "before-first:C or before-last:C with one ASCII character C"

  /// The setting's text, such as `before-last:-`.
  public let text: String

  private let endsAtLast: Bool
  private let separator: UInt8

  /// Reads the setting; nil if it is none.
  public init?(_ text: String) {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, ["before-first", "before-last"].contains(parts[0]),
      parts[1].utf8.count == 1, let separator = parts[1].utf8.first,
      (0x21...0x7e).contains(separator)
    else { return nil }
    self.text = text
    endsAtLast = parts[0] == "before-last"
    self.separator = separator
  }

  /// The key of a ticket: what is in front of the separator, or all of an id that has none.
  public func key(of ticketID: String) -> String {
    let bytes = ticketID.utf8
    let end = endsAtLast ? bytes.lastIndex(of: separator) : bytes.firstIndex(of: separator)
    return end.map { String(ticketID[..<$0]) } ?? ticketID
  }

  /// The key of all of these tickets, or two that differ; nil for no tickets.
  public func key(of ticketIDs: [String]) -> Common? {
    guard let first = ticketIDs.first.map({ ExactText(key(of: $0)) }) else { return nil }
    for ticketID in ticketIDs.dropFirst() {
      let other = ExactText(key(of: ticketID))
      if other != first { return .different(first.text, other.text) }
    }
    return .same(first)
  }

  /// What tickets have in common.
  public enum Common: Sendable, Equatable {
    /// All have this key.
    case same(ExactText)

    /// The first has the first of these keys, and another has the second.
    case different(String, String)
  }

  /// The key of an operation, whose tickets must have the same; of a choice of tickets it is the event.
  public func key(of operation: HoldOperation) -> ExactText {
    if case .lockBest(let request) = operation { return ExactText(request.eventID) }
    return ExactText(key(of: operation.ticketIDs.first ?? ""))
  }

  /// SQL for the key of the ticket that `column` names.
  public func sql(_ column: String) -> String {
    let character = "'\(separator == UInt8(ascii: "'") ? "''" : String(UnicodeScalar(separator)))'"
    let length =
      endsAtLast
      ? "length(\(column)) - position(\(character) IN reverse(\(column)))"
      : "position(\(character) IN \(column)) - 1"
    return """
      CASE WHEN position(\(character) IN \(column)) = 0 THEN \(column) \
      ELSE left(\(column), \(length)) END
      """
  }
}
