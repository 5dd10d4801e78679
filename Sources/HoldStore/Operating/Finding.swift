/// What `holdfast doctor` has found about one thing.
public struct Finding: Sendable, Equatable {
  /// How bad it is.
  public enum Level: String, Sendable {
    /// Nothing is to be changed.
    case ok

    /// The service keeps its promises, but something should be changed.
    case warning

    /// The service does not work, or does not keep its promises.
    case problem
  }

  /// How bad it is.
  public let level: Level

  /// What was looked at, in a word or two.
  public let check: String

  /// What was found.
  public let message: String

  /// What to change; nil where nothing needs to be.
  public let advice: String?

  /// Nothing to change.
  static func ok(_ check: String, _ message: String) -> Finding {
    Finding(level: .ok, check: check, message: message, advice: nil)
  }

  static func warning(_ check: String, _ message: String, advice: String) -> Finding {
    Finding(level: .warning, check: check, message: message, advice: advice)
  }

  static func problem(_ check: String, _ message: String, advice: String) -> Finding {
    Finding(level: .problem, check: check, message: message, advice: advice)
  }
}
