internal import Threads

/// What an open connection is doing.
enum ConnectionState {
  /// Nothing has ever come on it.
  case unread(since: Instant)

  /// It has been served, and nothing of another request has come.
  case idle

  /// It is lent to a thread.
  case busy

  /// It waits for the peer to go on in the middle of a request or an answer.
  case waiting(until: Instant, isUnanswered: Bool)
}
