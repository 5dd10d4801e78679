/// One header of an answer.
public struct APIHeader: Sendable, Hashable {
  /// The name, spelled as it is sent.
  public var name: String

  /// The value, without line breaks.
  public var value: String

  /// Creates a header.
  public init(name: String, value: String) {
    self.name = name
    self.value = value
  }
}
