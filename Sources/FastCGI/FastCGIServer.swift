public import Threads

/// Accepts FastCGI connections and gives each request to a handler on one of N workers.
///
/// All connections wait in one epoll set, and none is waited for: a worker takes what has come of a
/// request, and turns to another connection when it is not all there. A connection that is idle,
/// slow or stuck costs a descriptor, never a worker.
public final class FastCGIServer: Sendable {
  /// Answers the request, at once or later from another thread; must not block long.
  public typealias Handler = @Sendable (FastCGIExchange) -> Void

  static let listenerIdentifier: UInt64 = 0
  private static let stopIdentifier: UInt64 = .max
  private static let patienceMilliseconds = 1000

  /// Most requests come in one read of it.
  private static let bufferBytes = 16_384

  let limits: FastCGILimits
  let handler: Handler
  let poll = EventPoll()
  private let stopping = WakeUp()
  let listener: Monitor<ListeningSocket?>
  let table: Monitor<ConnectionTable>
  private let threads: Monitor<[WorkerThread]>

  /// Starts the workers; requests are served from now on.
  public init(
    listeningOn socket: ListeningSocket, limits: FastCGILimits, handler: @escaping Handler
  ) {
    self.limits = limits
    self.handler = handler
    listener = Monitor(socket)
    table = Monitor(ConnectionTable(limits: limits))
    threads = Monitor([])
    poll.add(socket.descriptor, as: Self.listenerIdentifier, for: .accepting)
    poll.addForAll(stopping.descriptor, as: Self.stopIdentifier)
    let started = (0..<limits.workers).map { _ in WorkerThread { self.work() } }
    threads.withLock { $0 = started }
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
    return empty != nil ? 0 : table.withLock { $0.busyCount }
  }

  /// Ends the workers; each finishes the request that it is decoding.
  public func stop() {
    stopping.set()
    let ended = threads.withLock { threads in
      defer { threads = [] }
      return threads
    }
    for thread in ended { thread.join() }
  }

  private func work() {
    var buffer = [UInt8](repeating: 0, count: Self.bufferBytes)
    while true {
      guard let event = poll.wait(milliseconds: giveUpLatePeers()) else {
        // Silent connections may have become old enough to give way.
        if table.withLock({ $0.isListenerPaused }) { resumeListener() }
        continue
      }
      switch event.identifier {
      case Self.stopIdentifier: return
      case Self.listenerIdentifier: acceptConnections()
      default: serve(event, using: &buffer)
      }
    }
  }

  /// Closes the connections of peers that are late; tells how long a worker may wait, at most.
  private func giveUpLatePeers() -> Int {
    let (late, next) = table.withLock { $0.removeLate { .now } }
    if !late.isEmpty {
      for connection in late { connection.close() }
      noteRoom()
    }
    guard let next else { return Self.patienceMilliseconds }
    return min(Self.patienceMilliseconds, Instant.now.milliseconds(until: next))
  }
}
