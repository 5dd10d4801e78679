/// The open connections and which of them are idle. Guarded by the server's monitor.
struct ConnectionTable {
  private var connections: [UInt64: FastCGIConnection] = [:]
  private var idle: Set<UInt64> = []
  private var nextIdentifier: UInt64 = 1
  private let limit: Int

  /// The listening socket is not watched, because the table was full.
  var isListenerPaused = false

  /// A stop has been asked for: whoever waits for the last connection to close is to be woken.
  var isDraining = false

  init(limit: Int) { self.limit = limit }

  var count: Int { connections.count }
  var busyCount: Int { connections.count - idle.count }
  var isFull: Bool { connections.count >= limit && idle.isEmpty }

  /// Enters a new connection as idle; at the limit an idle one is taken out and returned, to be
  /// closed by the caller's letting go of it.
  mutating func insert(owning descriptor: Int32) -> (
    added: FastCGIConnection, evicted: FastCGIConnection?
  ) {
    var evicted: FastCGIConnection?
    if connections.count >= limit, let victim = idle.min() {
      evicted = connections[victim]
      remove(victim)
    }
    let connection = FastCGIConnection(identifier: nextIdentifier, owning: descriptor)
    nextIdentifier += 1
    connections[connection.identifier] = connection
    idle.insert(connection.identifier)
    return (connection, evicted)
  }

  /// Marks a connection busy; nil when it was evicted meanwhile.
  mutating func begin(_ identifier: UInt64) -> FastCGIConnection? {
    idle.remove(identifier) == nil ? nil : connections[identifier]
  }

  mutating func end(_ identifier: UInt64) {
    idle.insert(identifier)
  }

  mutating func remove(_ identifier: UInt64) {
    connections[identifier] = nil
    idle.remove(identifier)
  }
}
