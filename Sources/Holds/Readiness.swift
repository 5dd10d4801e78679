/// Whether the service can serve, and if not, which check says so.
public struct Readiness: Sendable, Equatable {
  /// A connection of the pool answered within the readiness timeout.
  public var databaseAnswers: Bool

  /// A stop has been asked for; requests in flight are still answered.
  public var isStopping: Bool

  /// True when every check passed.
  public var isReady: Bool { databaseAnswers && !isStopping }

  /// Creates a report.
  public init(databaseAnswers: Bool, isStopping: Bool) {
    self.databaseAnswers = databaseAnswers
    self.isStopping = isStopping
  }
}
