public import Postgres
internal import Threads

/// What the store knows of itself at one moment.
public struct HoldStoreSnapshot: Sendable, Equatable {
  /// Operations that wait for a commit.
  public var waitingOperations: Int

  /// How many may wait.
  public var waitingOperationsLimit: Int

  /// The connections to PostgreSQL.
  public var pool: PoolCounts

  /// The live holds in the table, as the last sweep of this instance counted them; nil before the first.
  public var liveHolds: Int?

  /// Seconds since a sweep last succeeded, here or in another instance that was at it, or since the
  /// start; nil if this instance does not sweep by itself.
  public var sweepAgeSeconds: Double?
}

/// What the sweeps have found.
struct SweepReport {
  /// When one last succeeded, or the start.
  var last = Instant.now
  var liveHolds: Int?
}
