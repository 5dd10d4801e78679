internal import Threads

/// What an open connection is doing.
enum ConnectionState {
  /// Nothing has ever come on it.
  case new(since: Instant)

  /// It has been served, and nothing of another request has come.
  case idle

  /// A thread has it, which answers a request or looks for one.
  case busy

  /// Its peer has begun a request, or is to close the connection, and has until then.
  case waiting(until: Instant)
}

/// The open connections and what each is doing. Guarded by the server's monitor.
struct ConnectionTable {
  private struct Entry {
    var connection: FastCGIConnection
    var state: ConnectionState

    /// It was reported while it was busy.
    var hasNews = false
  }

  /// A peer that has been silent for so long is not just about to send its request.
  private static let silenceMilliseconds = 1000

  /// The table is searched for late peers at most this often.
  private static let checkMilliseconds = 10

  private var entries: [UInt64: Entry] = [:]
  private var nextIdentifier: UInt64 = 1
  private let limits: FastCGILimits

  /// No peer is late before this time.
  private var nextCheck: Instant?

  /// The listening socket is not watched, because the table was full.
  var isListenerPaused = false

  /// A stop has been requested: whoever waits for the last connection to close is to be woken.
  var isDraining = false

  init(limits: FastCGILimits) { self.limits = limits }

  var count: Int { entries.count }

  /// The connections by what they are doing.
  var counts: FastCGIConnectionCounts {
    var counts = FastCGIConnectionCounts()
    for entry in entries.values {
      switch entry.state {
      case .new, .idle: counts.idle += 1
      case .waiting: counts.waiting += 1
      case .busy: counts.busy += 1
      }
    }
    return counts
  }

  func isFull(now: Instant) -> Bool {
    entries.count >= limits.connections && victim(now: now) == nil
  }

  /// The connection to close at the limit: one whose peer sent part of a request, or nothing, and fell
  /// silent, which web servers do not do; else the one that has been idle for longest. Nil when each
  /// carries a request or is too new to tell.
  private func victim(now: Instant) -> UInt64? {
    if let silent = entries.first(where: { isSilent($1, now: now) }) { return silent.key }
    var oldest: UInt64?
    for (identifier, entry) in entries {
      if case .idle = entry.state { oldest = min(identifier, oldest ?? .max) }
    }
    return oldest
  }

  private func isSilent(_ entry: Entry, now: Instant) -> Bool {
    let silence = Self.silenceMilliseconds
    let isLate =
      switch entry.state {
      case .new(let since): since.advanced(byMilliseconds: silence) <= now
      case .waiting(let deadline):
        deadline <= now.advanced(byMilliseconds: limits.peerTimeoutMilliseconds - silence)
      default: false
      }
    return isLate && !entry.connection.hasInput
  }

  /// Enters a new connection. At the limit another is taken out and returned, to be closed when the
  /// caller lets go of it.
  mutating func insert(owning descriptor: Int32, now: Instant) -> (
    added: FastCGIConnection, evicted: FastCGIConnection?
  ) {
    var evicted: FastCGIConnection?
    if entries.count >= limits.connections, let victim = victim(now: now) {
      evicted = entries.removeValue(forKey: victim)?.connection
    }
    let connection = FastCGIConnection(
      identifier: nextIdentifier, owning: descriptor, limits: limits)
    nextIdentifier += 1
    entries[connection.identifier] = Entry(connection: connection, state: .new(since: now))
    return (connection, evicted)
  }

  /// Lends a connection to the calling thread; nil when another thread has it, or it was taken out.
  mutating func begin(_ identifier: UInt64) -> FastCGIConnection? {
    guard let index = entries.index(forKey: identifier) else { return nil }
    if case .busy = entries.values[index].state {
      entries.values[index].hasNews = true
      return nil
    }
    entries.values[index].state = .busy
    return entries.values[index].connection
  }

  /// Takes a connection back from the thread that it was lent to.
  ///
  /// - Returns: True when it was reported meanwhile, and has to be reported again.
  mutating func end(_ identifier: UInt64, _ state: ConnectionState) -> Bool {
    guard let index = entries.index(forKey: identifier) else { return false }
    entries.values[index].state = state
    if case .waiting(let deadline) = state { nextCheck = min(deadline, nextCheck ?? deadline) }
    defer { entries.values[index].hasNews = false }
    return entries.values[index].hasNews
  }

  mutating func remove(_ identifier: UInt64) {
    entries[identifier] = nil
  }

  /// Ends the listening socket's pause; false if there was none.
  mutating func takeListenerPause() -> Bool {
    defer { isListenerPaused = false }
    return isListenerPaused
  }

  /// Takes out the connections whose peers are late, to be closed by the caller.
  ///
  /// - Returns: Those, and when to ask again, at the latest.
  mutating func removeLate(now: () -> Instant) -> (late: [FastCGIConnection], next: Instant?) {
    guard let check = nextCheck else { return ([], nil) }
    let now = now()
    guard check <= now else { return ([], check) }
    var late: [FastCGIConnection] = []
    nextCheck = nil
    for (identifier, entry) in entries {
      guard case .waiting(let deadline) = entry.state else { continue }
      if deadline <= now {
        late.append(entry.connection)
        remove(identifier)
      } else {
        nextCheck = min(deadline, nextCheck ?? deadline)
      }
    }
    nextCheck = nextCheck.map { max($0, now.advanced(byMilliseconds: Self.checkMilliseconds)) }
    return (late, nextCheck)
  }
}
