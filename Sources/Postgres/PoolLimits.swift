/// The bounds of a connection pool.
public struct PoolLimits: Sendable {
  /// Connections kept open, at most.
  public var connections: Int

  /// How long one attempt to connect may take.
  public var connectTimeoutMilliseconds: Int

  /// The pause after a first failed attempt; later ones grow with the time since then.
  public var minimumBackoffMilliseconds: Int

  /// The longest pause between attempts.
  public var maximumBackoffMilliseconds: Int

  /// Creates bounds; each must be at least 1.
  public init(
    connections: Int, connectTimeoutMilliseconds: Int, minimumBackoffMilliseconds: Int = 50,
    maximumBackoffMilliseconds: Int = 500
  ) {
    self.connections = connections
    self.connectTimeoutMilliseconds = connectTimeoutMilliseconds
    self.minimumBackoffMilliseconds = minimumBackoffMilliseconds
    self.maximumBackoffMilliseconds = maximumBackoffMilliseconds
  }
}
