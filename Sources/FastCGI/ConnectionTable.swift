internal import Threads

/// The open connections and which of them are idle. Guarded by the server's monitor.
struct ConnectionTable {
  /// A connection that has been silent for so long is not just about to send its first request.
  private static let silenceMilliseconds = 1000

  private var connections: [UInt64: FastCGIConnection] = [:]
  private var idle: Set<UInt64> = []
  private var unread: [UInt64: Instant] = [:]
  private var nextIdentifier: UInt64 = 1
  private let limit: Int

  /// The listening socket is not watched, because the table was full.
  var isListenerPaused = false

  /// A stop has been asked for: whoever waits for the last connection to close is to be woken.
  var isDraining = false

  init(limit: Int) { self.limit = limit }

  var count: Int { connections.count }
  var busyCount: Int { connections.count - idle.count - unread.count }

  func isFull(now: Instant) -> Bool {
    connections.count >= limit && victim(now: now) == nil
  }

  /// The connection to give up at the limit: one that is idle after a request, else one on which
  /// nothing ever came; nil when every one carries a request or is too young to tell.
  private func victim(now: Instant) -> UInt64? {
    idle.min()
      ?? unread.first { identifier, since in
        since.advanced(byMilliseconds: Self.silenceMilliseconds) <= now
          && connections[identifier]?.hasInput == false
      }?.key
  }

  /// Enters a new connection, whose first request has not been read yet; at the limit another is
  /// taken out and returned, to be closed by the caller's letting go of it.
  mutating func insert(owning descriptor: Int32, now: Instant) -> (
    added: FastCGIConnection, evicted: FastCGIConnection?
  ) {
    var evicted: FastCGIConnection?
    if connections.count >= limit, let victim = victim(now: now) {
      evicted = connections[victim]
      remove(victim)
    }
    let connection = FastCGIConnection(identifier: nextIdentifier, owning: descriptor)
    nextIdentifier += 1
    connections[connection.identifier] = connection
    unread[connection.identifier] = now
    return (connection, evicted)
  }

  /// Marks a connection busy; nil when it was evicted meanwhile.
  mutating func begin(_ identifier: UInt64) -> FastCGIConnection? {
    let isThere = idle.remove(identifier) != nil || unread.removeValue(forKey: identifier) != nil
    return isThere ? connections[identifier] : nil
  }

  /// Marks a connection idle, since its request has been answered.
  mutating func end(_ identifier: UInt64) {
    idle.insert(identifier)
  }

  mutating func remove(_ identifier: UInt64) {
    connections[identifier] = nil
    idle.remove(identifier)
    unread[identifier] = nil
  }
}
