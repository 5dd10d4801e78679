/// The bounds of a FastCGI server.
public struct FastCGILimits: Sendable {
  /// A whole request has to fit into what a socket holds, in bytes.
  public static let maximumRequestBytes = 131_072

  /// What the headers and the padding of a request's records may take, in bytes.
  public static let recordOverheadBytes = 8192

  /// Threads that accept requests and run the handler.
  public var workers: Int

  /// Connections open at once, idle ones included. At the limit one whose peer has fallen silent is
  /// closed, else the oldest idle one; if there is none, new ones wait in the socket's backlog.
  public var connections: Int

  /// How long a peer may take to send a request.
  public var peerTimeoutMilliseconds: Int

  /// The parameters of a request, names and lengths included, in bytes. Past it the connection is
  /// closed.
  public var parameterBytes: Int

  /// The body of a request, in bytes. Of a longer one the handler gets one byte more than this, and
  /// the connection is closed after the answer.
  public var bodyBytes: Int

  /// A longer answer does not surely fit into a socket, in bytes.
  public static let directAnswerBytes = 16_384

  /// Long answers that are sent at once, each by a thread.
  public var longAnswers: Int

  /// Long answers that may wait for a thread besides.
  public var longAnswersWaiting: Int

  /// How long such an answer waits, at most.
  public var longAnswerWaitMilliseconds: Int

  /// How long a peer may take to take in a long answer.
  public var longAnswerTimeoutMilliseconds: Int

  /// Creates bounds; each but `longAnswersWaiting` must be at least 1, and a request within them must
  /// fit into `maximumRequestBytes`.
  public init(
    workers: Int, connections: Int, peerTimeoutMilliseconds: Int, parameterBytes: Int,
    bodyBytes: Int, longAnswers: Int = 8, longAnswersWaiting: Int = 256,
    longAnswerWaitMilliseconds: Int = 2000, longAnswerTimeoutMilliseconds: Int = 10_000
  ) {
    self.workers = workers
    self.connections = connections
    self.peerTimeoutMilliseconds = peerTimeoutMilliseconds
    self.parameterBytes = parameterBytes
    self.bodyBytes = bodyBytes
    self.longAnswers = longAnswers
    self.longAnswersWaiting = longAnswersWaiting
    self.longAnswerWaitMilliseconds = longAnswerWaitMilliseconds
    self.longAnswerTimeoutMilliseconds = longAnswerTimeoutMilliseconds
  }

  /// The longest request, records' headers and padding included. A longer one is refused.
  var requestBytes: Int { parameterBytes + bodyBytes + Self.recordOverheadBytes }
}
