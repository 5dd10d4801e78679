/// The bounds of the commit queue.
public struct CommitQueueLimits: Sendable {
  /// Operations that wait, at most; past it the caller is told so at once.
  public var waitingOperations: Int

  /// How long an operation may be expected to wait, by the pace of the last commits; past it the
  /// caller is told so at once.
  public var waitingMilliseconds: Int

  /// Operations that share a commit, at most.
  public var batchOperations: Int

  /// Tickets that a shared commit names, at most; a single operation may name more.
  public var batchTickets: Int

  /// Creates bounds; each must be at least 1.
  public init(
    waitingOperations: Int, waitingMilliseconds: Int, batchOperations: Int, batchTickets: Int
  ) {
    self.waitingOperations = waitingOperations
    self.waitingMilliseconds = waitingMilliseconds
    self.batchOperations = batchOperations
    self.batchTickets = batchTickets
  }
}
