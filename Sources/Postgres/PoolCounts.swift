/// How many of a pool's connections are in which state.
public struct PoolCounts: Sendable, Equatable {
  /// Open connections that nobody uses.
  public var idle: Int

  /// Connections that are lent, or being checked.
  public var busy: Int

  /// Connections that are being opened, or will be.
  public var opening: Int
}
