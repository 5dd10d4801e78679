/// A text that equals another only byte for byte, as in PostgreSQL.
///
/// A `String` equals all that are canonically equivalent to it: "é" in one scalar and in two are
/// different tickets. It also hashes them alike, so that a request of many spellings of one word would
/// take quadratic time.
public struct ExactText: Sendable, Hashable {
  /// The text itself.
  public let text: String

  /// Wraps a text.
  public init(_ text: String) { self.text = text }

  /// Whether the bytes are the same.
  public static func == (left: ExactText, right: ExactText) -> Bool {
    let (a, b) = (left.text.utf8.span, right.text.utf8.span)
    guard a.count == b.count else { return false }
    for index in a.indices where a[index] != b[index] { return false }
    return true
  }

  /// Hashes the bytes.
  public func hash(into hasher: inout Hasher) {
    var text = text
    text.withUTF8 { unsafe hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
  }
}
