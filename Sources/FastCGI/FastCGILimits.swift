/// The bounds of a FastCGI server.
public struct FastCGILimits: Sendable {
  /// Threads that read requests and run the handler.
  public var workers: Int

  /// Connections open at once, idle ones included. Past it an idle one gives way; when none is idle,
  /// new ones wait in the socket's backlog.
  public var connections: Int

  /// How long a peer may stay silent in the middle of a request, or stop reading an answer.
  public var peerTimeoutMilliseconds: Int

  /// Creates bounds; each must be at least 1.
  public init(workers: Int, connections: Int, peerTimeoutMilliseconds: Int) {
    self.workers = workers
    self.connections = connections
    self.peerTimeoutMilliseconds = peerTimeoutMilliseconds
  }
}
