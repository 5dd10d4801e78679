/// Why a call to PostgreSQL failed.
public struct PostgresError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What went wrong, to be matched on.
  public enum Code: Sendable, Equatable {
    /// No connection could be made.
    case connectionFailed

    /// No connection of the pool became free by the deadline: nothing was sent.
    case noConnection

    /// The connection broke, or the wait of a commit for its standby was cancelled; whether a statement in
    /// progress took effect, and for good, is unknown.
    case connectionLost

    /// The server was silent for longer than it may be; the connection is of no further use, and other
    /// connections to that server promise no better.
    case timedOut

    /// The caller's own time was over before the server answered; the connection is of no further use.
    case deadlinePassed

    /// The server refused or undid the statement; nothing of its transaction remains.
    case server(SQLState)
  }

  /// What went wrong, to be matched on.
  public let code: Code

  /// The server's or libpq's message, for the log; never for the caller of the service.
  public let message: String

  /// True when the transaction may have been committed nevertheless.
  ///
  /// The server that reports an error has usually undone the transaction. Not so a session that dies
  /// while it commits, or a proxy or a distributed engine in between whose session does.
  public var mayHaveCommitted: Bool {
    switch code {
    case .connectionFailed, .noConnection: false
    case .connectionLost, .timedOut, .deadlinePassed: true
    case .server(let state): state.leavesOutcomeOpen
    }
  }

  /// True when other connections to the same server promise no better.
  var isServerOfNoUse: Bool {
    code == .timedOut || code == .server(.readOnlyTransaction)
  }

  /// One line for the log.
  public var description: String {
    if case .server(let state) = code { return "\(state.rawValue): \(message)" }
    return "\(code): \(message)"
  }

  /// Creates an error.
  public init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }
}
