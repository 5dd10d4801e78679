/// The id of an event, compared by its bytes.
public struct EventID: Sendable, Hashable {
  private let exact: ExactText

  /// The id as it was sent.
  public var text: String { exact.text }

  /// Wraps an id.
  public init(_ text: String) { exact = ExactText(text) }
}
