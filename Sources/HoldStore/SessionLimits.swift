internal import Postgres

/// How long a session's statements may take.
struct SessionLimits {
  /// How long after its `statement_timeout` the server may take to say so.
  private static let answerMilliseconds = 500

  /// Sets the session's own limits.
  let script: String

  /// How long the session may be silent before it is given up.
  let silenceMilliseconds: Int

  /// - Parameter isSharded: Whether the session is one of an engine in front of several servers. When one of
  ///   them hangs, the session waits for it. After a cancellation it would still wait, because it asks that
  ///   server to cancel too. So the client gives the session up first, and the session ends when it notices
  ///   that its client is gone.
  init(statementTimeoutMilliseconds: Int, isSharded: Bool) {
    guard isSharded else {
      script = "SET statement_timeout = \(statementTimeoutMilliseconds);"
      silenceMilliseconds = statementTimeoutMilliseconds + Self.answerMilliseconds
      return
    }
    script = """
      SET statement_timeout = \(statementTimeoutMilliseconds * 2 + Self.answerMilliseconds * 4);
      SET client_connection_check_interval = \(Self.answerMilliseconds);
      """
    silenceMilliseconds = statementTimeoutMilliseconds
  }
}
