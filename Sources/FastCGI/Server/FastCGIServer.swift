public import Threads

/// Accepts FastCGI requests through libfcgi and gives each to a handler on one of N workers.
///
/// All connections wait in one epoll set. A worker takes a connection that is ready, lets the gate
/// look at what has come, and lends the connection to libfcgi once a whole request is there. A
/// connection that is idle, slow or stuck costs a descriptor, never a worker.
public final class FastCGIServer: Sendable {
  /// Answers the request, at once or later from another thread; must not block long.
  public typealias Handler = @Sendable (FastCGIExchange) -> Void

  static let listenerIdentifier: UInt64 = 0
  static let stopIdentifier: UInt64 = .max

  let limits: FastCGILimits
  let handler: Handler
  let poll = EventPoll()
  private let stopping = WakeUp()
  let listener: Monitor<ListeningSocket?>
  let table: Monitor<ConnectionTable>
  let writers: LongAnswerWriters
  private let threads = WorkerThreads()
  private let pulses: [Pulse]

  /// Starts the workers; requests are served from now on.
  public init(
    listeningOn socket: ListeningSocket, limits: FastCGILimits, handler: @escaping Handler
  ) {
    LibFCGI.initialize()
    self.limits = limits
    self.handler = handler
    listener = Monitor(socket)
    table = Monitor(ConnectionTable(limits: limits))
    writers = LongAnswerWriters(limits: limits)
    pulses = (0..<limits.workers).map { _ in Pulse() }
    poll.add(socket.descriptor, as: Self.listenerIdentifier, for: .accepting)
    poll.addForAll(stopping.descriptor, as: Self.stopIdentifier)
    for pulse in pulses { threads.start { self.runAcceptLoop(pulse) } }
  }

  /// The longest time that a worker has been at its present request, in milliseconds.
  public func longestTurnMilliseconds(at now: Instant) -> Int {
    pulses.map { $0.busyMilliseconds(at: now) }.max() ?? 0
  }

  /// Stops accepting; what has been accepted or waits to be is still served.
  ///
  /// Connections stay open, and it is the web server that closes them: it may be sending the next
  /// request down a kept-alive connection at any moment, and would not repeat a POST that was cut off.
  public func drain() {
    table.withLock { $0.isDraining = true }
    listener.withLock { socket in
      guard let stopped = socket else { return }
      poll.remove(stopped.descriptor)
      // An inherited socket's queue belongs to whoever listens on it next.
      if !stopped.isInherited {
        stopped.removePath()
        while acceptConnection(from: stopped) {}
        // Nobody accepts what would come now.
        stopped.stopListening()
      }
      socket = nil
    }
    table.broadcast()
  }

  /// Waits, draining, until the web server has closed every connection.
  ///
  /// - Returns: The requests that were still unanswered at the deadline.
  public func waitUntilIdle(until deadline: Instant) -> Int {
    let empty: Void? = table.wait(until: deadline) { $0.count == 0 ? () : nil }
    return empty != nil ? 0 : table.withLock { $0.counts.busy }
  }

  /// The open connections by what they are doing; it looks at each.
  public var connectionCounts: FastCGIConnectionCounts { table.withLock { $0.counts } }

  /// Ends the workers; each finishes the request that it handles.
  public func stop() {
    stopping.set()
    threads.join()
    writers.stop()
  }
}
