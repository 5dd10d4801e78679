/// When a granted hold ends, by the database's clock.
public struct HoldGrant: Sendable, Equatable {
  /// The earliest expiry of the request's tickets, in microseconds since 1970-01-01 UTC.
  public var expiresAtUnixMicroseconds: Int64

  /// Whole seconds from the grant to that expiry, rounded down.
  public var expiresInSeconds: Int64

  /// Creates a grant.
  public init(expiresAtUnixMicroseconds: Int64, expiresInSeconds: Int64) {
    self.expiresAtUnixMicroseconds = expiresAtUnixMicroseconds
    self.expiresInSeconds = expiresInSeconds
  }
}
