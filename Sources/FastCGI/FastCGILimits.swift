/// The bounds of a FastCGI server.
public struct FastCGILimits: Sendable {
  /// Threads that read requests and run the handler.
  public var workers: Int

  /// Connections open at once, idle ones included. Past it one whose peer has fallen silent gives way,
  /// else one that is idle; when there is none, new ones wait in the socket's backlog.
  public var connections: Int

  /// How long a peer may take to send a request, or to take an answer in.
  public var peerTimeoutMilliseconds: Int

  /// The parameters of a request, names and lengths included, in bytes. Past it the connection is
  /// closed.
  public var parameterBytes: Int

  /// How much of a request's body is kept, in bytes; the rest is dropped.
  public var bodyBytes: Int

  /// Creates bounds; each must be at least 1.
  public init(
    workers: Int, connections: Int, peerTimeoutMilliseconds: Int, parameterBytes: Int,
    bodyBytes: Int
  ) {
    self.workers = workers
    self.connections = connections
    self.peerTimeoutMilliseconds = peerTimeoutMilliseconds
    self.parameterBytes = parameterBytes
    self.bodyBytes = bodyBytes
  }
}
