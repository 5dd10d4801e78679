public import Threads

/// A fixed number of connections, opened, checked and replaced in the background.
///
/// A server that is away is no error of the pool's: borrowers wait until their deadline, and one
/// thread goes on trying, with growing pauses.
public final class Pool: Sendable {
  /// Opens one connection and makes it ready for use.
  public typealias Opener = @Sendable (Instant) throws(PostgresError) -> PostgresConnection

  private static let checkIntervalMilliseconds = 1000

  private let limits: PoolLimits
  private let isEngine: Bool
  private let connector: PostgresConnector?
  private let state: Monitor<PoolState<PostgresConnection>>
  private let threads = WorkerThreads()

  /// Starts opening connections.
  ///
  /// - Parameters:
  ///   - open: Called on the pool's thread, with the attempt's deadline.
  ///   - isEngine: Whether connections lead through an engine to several servers, so that the silence of
  ///     one tells nothing of the others.
  ///   - connector: Told of each connection whose server was silent for too long, or took no writes;
  ///     connections to a primary that it knows a newer one of are replaced.
  ///   - onFailure: Told of each failed attempt, for the log.
  public init(
    limits: PoolLimits, open: @escaping Opener, isEngine: Bool = false,
    connector: PostgresConnector? = nil,
    onFailure: @escaping @Sendable (PostgresError) -> Void
  ) {
    self.limits = limits
    self.isEngine = isEngine
    self.connector = connector
    state = Monitor(PoolState(limits: limits))
    threads.start { [state] in
      Self.keepOpen(state, limits: limits, open: open, onFailure: onFailure)
    }
  }

  /// Lends a connection for the length of `body`; one that comes back broken is replaced.
  ///
  /// - Throws: `noConnection` if no connection became free by the deadline, or what `body` throws.
  public func withConnection<Value>(
    deadline: Instant, _ body: (PostgresConnection) throws(PostgresError) -> Value
  ) throws(PostgresError) -> Value {
    let connection = try lend(deadline: deadline)
    // A borrower and the thread that opens connections may both be waiting.
    defer { state.broadcast() }
    do throws(PostgresError) {
      let value = try body(connection)
      giveBack(connection)
      return value
    } catch {
      if error.isServerOfNoUse, !isEngine {
        connector?.giveUp(connection)
        // What else is open leads to the same server; it closes here, outside the lock.
        _ = state.withLock { $0.discardLentAndIdle() }
      } else {
        giveBack(connection)
      }
      throw error
    }
  }

  private func giveBack(_ connection: PostgresConnection) {
    state.withLock { connection.isUsable ? $0.takeBack(connection) : $0.discardLent() }
  }

  /// The connections by state.
  public var counts: PoolCounts { state.withLock { $0.counts } }

  /// Closes the idle connections and opens no more.
  public func close() {
    _ = state.withLock { $0.close() }
    state.broadcast()
    threads.join()
  }

  private func lend(deadline: Instant) throws(PostgresError) -> PostgresConnection {
    while true {
      // Once the pool is closed, no connection will become free.
      let found = state.wait(until: { $0.isClosed ? .now : deadline }, for: { $0.lend() })
      guard let connection = found else {
        throw PostgresError(.noConnection, "no connection became free within the deadline")
      }
      if connection.isOpen, connector?.isOutdated(connection) != true { return connection }
      state.withLock { $0.discardLent() }
      state.broadcast()
    }
  }

  private enum Duty {
    case open
    case check
    case end
  }

  private static func keepOpen(
    _ state: Monitor<PoolState<PostgresConnection>>, limits: PoolLimits, open: Opener,
    onFailure: (PostgresError) -> Void
  ) {
    while true {
      let nextCheck = Instant.now.advanced(byMilliseconds: checkIntervalMilliseconds)
      let duty = state.wait(
        until: { min($0.timeToOpen ?? nextCheck, nextCheck) },
        for: { state -> Duty? in
          if state.isClosed { return .end }
          if let time = state.timeToOpen, time <= Instant.now { return .open }
          return nil
        })
      switch duty ?? .check {
      case .end: return
      case .check: dropBroken(state)
      case .open:
        do throws(PostgresError) {
          let deadline = Instant.now.advanced(byMilliseconds: limits.connectTimeoutMilliseconds)
          let connection = try open(deadline)
          state.withLock { $0.opened(connection) }
        } catch {
          let jitter = Double.random(in: 0...1)
          state.withLock { $0.openFailed(now: .now, jitter: jitter) }
          onFailure(error)
        }
        state.broadcast()
      }
    }
  }

  private static func dropBroken(_ state: Monitor<PoolState<PostgresConnection>>) {
    for connection in state.withLock({ $0.takeIdle() }) {
      let isOpen = connection.isOpen
      state.withLock { isOpen ? $0.takeBack(connection) : $0.discardLent() }
    }
    state.broadcast()
  }
}
