internal import Threads

/// The open connections and what each is doing. Guarded by the server's monitor.
struct ConnectionTable {
  private struct Entry {
    var connection: FastCGIConnection
    var state: ConnectionState

    /// It was reported while it was busy.
    var hasNews = false
  }

  /// A peer that has been silent for so long is not just about to send its request, or the rest of it.
  private static let silenceMilliseconds = 1000

  /// The table is not searched for late peers more often.
  private static let checkMilliseconds = 10

  private var entries: [UInt64: Entry] = [:]
  private var nextIdentifier: UInt64 = 1
  private let limits: FastCGILimits

  /// No peer is late before.
  private var nextCheck: Instant?

  /// The listening socket is not watched, because the table was full.
  var isListenerPaused = false

  /// A stop has been asked for: whoever waits for the last connection to close is to be woken.
  var isDraining = false

  init(limits: FastCGILimits) { self.limits = limits }

  var count: Int { entries.count }

  /// Connections on which a request is unanswered.
  var busyCount: Int {
    entries.values.count { entry in
      switch entry.state {
      case .busy, .waiting(_, isUnanswered: true): true
      default: false
      }
    }
  }

  func isFull(now: Instant) -> Bool {
    entries.count >= limits.connections && victim(now: now) == nil
  }

  /// The connection to give up at the limit: one whose peer began and fell silent, or never said a
  /// word, which web servers do not do; else the oldest that is idle after a request, although the
  /// next may be on its way. Nil when every one carries a request or is too young to tell.
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
      case .unread(let since): since.advanced(byMilliseconds: silence) <= now
      case .waiting(let deadline, isUnanswered: false):
        deadline <= now.advanced(byMilliseconds: limits.peerTimeoutMilliseconds - silence)
      default: false
      }
    return isLate && !entry.connection.hasInput
  }

  /// Enters a new connection, whose first request has not been read yet; at the limit another is
  /// taken out and returned, to be closed by the caller's letting go of it.
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
    entries[connection.identifier] = Entry(connection: connection, state: .unread(since: now))
    return (connection, evicted)
  }

  /// Lends a connection to the calling thread; nil when it is lent already, or was taken out.
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
    if case .waiting(let deadline, _) = state { nextCheck = min(deadline, nextCheck ?? deadline) }
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

  /// Takes out the connections whose peers are late, to be closed by the caller's letting go of them.
  ///
  /// - Returns: Those, and when to ask again, at the latest.
  mutating func removeLate(now: () -> Instant) -> (late: [FastCGIConnection], next: Instant?) {
    guard let check = nextCheck else { return ([], nil) }
    let now = now()
    guard check <= now else { return ([], check) }
    var late: [FastCGIConnection] = []
    nextCheck = nil
    for (identifier, entry) in entries {
      guard case .waiting(let deadline, _) = entry.state else { continue }
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
