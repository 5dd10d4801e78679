/// What the endpoints need of the store: every call returns at once and answers once, later, through
/// its completion, on a thread of the store's.
public protocol HoldService: Sendable {
  /// Puts an operation into the commit queue.
  func submit(
    _ operation: HoldOperation, completion: @escaping @Sendable (HoldOutcome) -> Void)

  /// Deletes every hold that had expired when the call was made; nil when that is done.
  func releaseExpired(completion: @escaping @Sendable (Unavailability?) -> Void)

  /// Tells whether new requests can be served.
  func checkReadiness(completion: @escaping @Sendable (Readiness) -> Void)
}
