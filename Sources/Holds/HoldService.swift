/// What the endpoints need of the store.
///
/// Every call returns at once and calls its completion exactly once, later, on one of the store's
/// threads.
public protocol HoldService: Sendable {
  /// Puts an operation into the commit queue.
  func submit(
    _ operation: HoldOperation, completion: @escaping @Sendable (HoldOutcome) -> Void)

  /// Does the same for a caller's request.
  ///
  /// - Parameter requestID: The request's `X-Request-Id`, under which the history records it.
  func submit(
    _ operation: HoldOperation, requestID: String,
    completion: @escaping @Sendable (HoldOutcome) -> Void)

  /// Deletes every hold that had expired when the call was made; nil when that is done.
  func releaseExpired(completion: @escaping @Sendable (HoldFailure?) -> Void)

  /// Tells whether new requests can be served.
  func checkReadiness(completion: @escaping @Sendable (Readiness) -> Void)
}

extension HoldService {
  /// A store without a history has no use for the request's id.
  public func submit(
    _ operation: HoldOperation, requestID: String,
    completion: @escaping @Sendable (HoldOutcome) -> Void
  ) {
    submit(operation, completion: completion)
  }
}

/// Whether the service can serve, and if not, which check failed.
public struct Readiness: Sendable, Equatable {
  /// The state of the database, as the last check found it.
  public enum Database: Sendable, Equatable {
    /// A connection of the pool answered within the readiness timeout.
    case ok

    /// No connection answered within the readiness timeout.
    case unreachable

    /// The database answers, but a commit would fail: what is missing, such as
    /// `permission denied for table holdfast_commits`.
    case refused(String)
  }

  /// The state of the database.
  public var database: Database

  /// A stop has been requested; requests in flight are still answered.
  public var isStopping: Bool

  /// Whether a lock also takes a row lock on its tickets, so that no sale commits unseen between
  /// decision and commit; nil while that is not known.
  public var hasStrictSales: Bool?

  /// True when every check passed.
  public var isReady: Bool { database == .ok && !isStopping }

  /// Creates a report.
  public init(database: Database, isStopping: Bool, hasStrictSales: Bool? = nil) {
    self.database = database
    self.isStopping = isStopping
    self.hasStrictSales = hasStrictSales
  }
}
