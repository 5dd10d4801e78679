/// The id of an event, compared by its bytes.
///
/// Swift takes differently composed accents for the same string, which the database does not.
public struct EventID: Sendable, Hashable {
  /// The id as it was sent.
  public let text: String

  /// Wraps an id.
  public init(_ text: String) { self.text = text }

  /// True when the bytes are the same.
  public static func == (left: EventID, right: EventID) -> Bool {
    left.text.utf8.elementsEqual(right.text.utf8)
  }

  /// Feeds the bytes.
  public func hash(into hasher: inout Hasher) {
    for byte in text.utf8 { hasher.combine(byte) }
  }
}
