private import CFastCGI
private import Glibc
public import Threads

/// Accepts FastCGI connections and gives each request to a handler on one of N blocking workers.
///
/// All connections wait in one epoll set, and a worker touches a connection only while a request is
/// there to be read: a kept-alive connection that is idle costs a descriptor, never a worker.
public final class FastCGIServer: Sendable {
  /// Reads the request and answers it, at once or later from another thread; must not block long.
  public typealias Handler = @Sendable (FastCGIExchange) -> Void

  private static let listenerIdentifier: UInt64 = 0
  private static let stopIdentifier: UInt64 = .max
  private static let patienceMilliseconds = 1000

  private let limits: FastCGILimits
  private let handler: Handler
  private let poll = EventPoll()
  private let stopEvent: Int32
  private let listener: Monitor<ListeningSocket?>
  private let table: Monitor<ConnectionTable>
  private let threads: Monitor<[WorkerThread]>

  /// Starts the workers; requests are served from now on.
  public init(
    listeningOn socket: ListeningSocket, limits: FastCGILimits, handler: @escaping Handler
  ) {
    FCGX_Init()
    // Undo the handlers that libfcgi installs: stopping is by `StopSignals`.
    signal(SIGPIPE, SIG_IGN)
    signal(SIGTERM, SIG_DFL)
    signal(SIGUSR1, SIG_DFL)
    self.limits = limits
    self.handler = handler
    stopEvent = eventfd(0, 0)
    listener = Monitor(socket)
    table = Monitor(ConnectionTable(limit: limits.connections))
    threads = Monitor([])
    poll.add(socket.descriptor, as: Self.listenerIdentifier)
    poll.addForAll(stopEvent, as: Self.stopIdentifier)
    let started = (0..<limits.workers).map { _ in WorkerThread { self.work() } }
    threads.withLock { $0 = started }
  }

  deinit { close(stopEvent) }

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
        while let connection = accept(from: stopped) {
          poll.add(connection.descriptor, as: connection.identifier)
        }
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

  /// Ends the workers; each finishes the request that it is reading.
  public func stop() {
    eventfd_write(stopEvent, 1)
    let ended = threads.withLock { threads in
      defer { threads = [] }
      return threads
    }
    for thread in ended { thread.join() }
  }

  private func work() {
    while true {
      guard let event = poll.wait(milliseconds: Self.patienceMilliseconds) else {
        // Silent connections may have become old enough to give way.
        if table.withLock({ $0.isListenerPaused }) { resumeListener() }
        continue
      }
      switch event.identifier {
      case Self.stopIdentifier: return
      case Self.listenerIdentifier: acceptConnections()
      default: serve(event)
      }
    }
  }

  private func acceptConnections() {
    // The monitor keeps the socket open for as long as it is used here.
    listener.withLock { socket in
      guard let socket else { return }
      errno = 0
      while !pauseListenerIfFull() {
        guard let connection = accept(from: socket) else { break }
        poll.add(connection.descriptor, as: connection.identifier)
      }
      if errno == EMFILE || errno == ENFILE {
        // Out of descriptors: wait until a connection gives one back, instead of trying at once again.
        table.withLock { $0.isListenerPaused = $0.count > 0 }
      }
      if !table.withLock({ $0.isListenerPaused }) {
        poll.rearm(socket.descriptor, as: Self.listenerIdentifier)
      }
    }
  }

  private func accept(from socket: ListeningSocket) -> FastCGIConnection? {
    let descriptor = Glibc.accept(socket.descriptor, nil, nil)
    guard descriptor >= 0 else { return nil }
    setOptions(of: descriptor)
    // What is evicted closes here, as its last owner lets go.
    return table.withLock { $0.insert(owning: descriptor, now: .now) }.added
  }

  private func pauseListenerIfFull() -> Bool {
    table.withLock { table in
      table.isListenerPaused = table.isFull(now: .now)
      return table.isListenerPaused
    }
  }

  private func resumeListener() {
    listener.withLock { socket in
      if let socket { poll.rearm(socket.descriptor, as: Self.listenerIdentifier) }
    }
  }

  private func setOptions(of descriptor: Int32) {
    var time = timeval(
      tv_sec: limits.peerTimeoutMilliseconds / 1000,
      tv_usec: limits.peerTimeoutMilliseconds % 1000 * 1000)
    let timeBytes = socklen_t(MemoryLayout<timeval>.size)
    unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, timeBytes)
    unsafe setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &time, timeBytes)
    var on: Int32 = 1
    let noDelay = Int32(TCP_NODELAY)
    // Fails on a Unix socket, where there is nothing to switch off.
    unsafe setsockopt(
      descriptor, Int32(IPPROTO_TCP), noDelay, &on, socklen_t(MemoryLayout<Int32>.size))
  }

  private func serve(_ event: EventPoll.Event) {
    guard let connection = table.withLock({ $0.begin(event.identifier) }) else { return }
    if event.isHangUp, connection.isAtEnd {
      connection.abandon()
      return release(connection, isOpen: false)
    }
    guard connection.readRequest() else { return release(connection, isOpen: false) }
    handler(
      FastCGIExchange(connection) { [self] connection, response in
        if let response {
          release(connection, isOpen: connection.finish(writing: response))
        } else {
          connection.abandon()
          release(connection, isOpen: false)
        }
      })
  }

  private func release(_ connection: FastCGIConnection, isOpen: Bool) {
    let wasPaused = table.withLock { table in
      if isOpen {
        table.end(connection.identifier)
      } else {
        table.remove(connection.identifier)
      }
      let wasPaused = table.isListenerPaused
      table.isListenerPaused = false
      if table.isDraining { self.table.broadcast() }
      return wasPaused
    }
    if isOpen { poll.rearm(connection.descriptor, as: connection.identifier) }
    if wasPaused { resumeListener() }
  }
}
