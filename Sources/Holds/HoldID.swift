/// The caller's own secret for one cart: whoever shows it again may renew or release its holds.
///
/// It describes itself as `HoldID(redacted)`, so that it cannot reach a log or an error by accident.
public struct HoldID: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
  /// The secret itself: 16 to 128 of `[A-Za-z0-9._-]`, as the decoder has checked.
  public let secret: String

  /// Wraps a secret that has been checked.
  public init(_ secret: String) { self.secret = secret }

  /// Never the secret.
  public var description: String { "HoldID(redacted)" }

  /// Never the secret.
  public var customMirror: Mirror { Mirror(self, children: []) }
}
