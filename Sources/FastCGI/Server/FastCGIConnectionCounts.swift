/// How many of a server's connections do what.
public struct FastCGIConnectionCounts: Sendable, Equatable {
  /// Connections on which nothing of a request has come.
  public var idle = 0

  /// Connections whose peer has begun a request, or is to close.
  public var waiting = 0

  /// Connections on which a request is unanswered.
  public var busy = 0
}
