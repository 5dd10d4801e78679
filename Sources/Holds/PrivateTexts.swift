/// A text that must not reach a log or an error by accident: it describes itself by its type alone, as
/// in `HoldID(redacted)`.
public protocol PrivateText: Sendable, Hashable, CustomStringConvertible, CustomReflectable {}

extension PrivateText {
  /// Never the text.
  public var description: String { "\(Self.self)(redacted)" }

  /// Never the text.
  public var customMirror: Mirror { Mirror(self, children: []) }
}

/// The caller's own secret for one cart: whoever presents it may renew or release the cart's holds.
public struct HoldID: PrivateText {
  /// The secret itself: 16 to 128 of `[A-Za-z0-9._-]`, as the decoder has checked.
  public let secret: String

  /// Wraps a secret that has been checked.
  public init(_ secret: String) { self.secret = secret }
}

/// The platform's own id of a person, of which the store keeps a keyed hash only.
public struct ShopperID: PrivateText {
  /// The id itself: 1 to 128 bytes, as the decoder has checked.
  public let text: String

  /// Wraps an id that has been checked.
  public init(_ text: String) { self.text = text }
}

/// What all repeats of one call for best available tickets have in common: its cart and its members. It
/// contains the cart's secret.
public struct ChoiceKey: PrivateText {
  /// The members in a form that differs for any two calls that differ.
  public let text: String

  /// Joins a call's members; nil without a cart, since such a call cannot be told from another.
  public init?(_ request: BestRequest) {
    guard let secret = request.holdID?.secret else { return nil }
    // Each text with its length in front: no two different lists of texts join to the same one.
    let texts = [secret, request.eventID, request.zone ?? ""].map { "\($0.utf8.count):\($0)" }
    text =
      texts.joined() + (request.zone == nil ? "-" : "+") + (request.mustBeAdjacent ? "a" : "")
      + "\(request.quantity)"
  }
}
