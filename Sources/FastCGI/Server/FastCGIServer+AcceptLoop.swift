internal import Threads

/// The accept loop that each worker runs: wait for a connection that is ready, `FCGX_Accept_r`, the
/// endpoint, `FCGX_Finish_r`.
extension FastCGIServer {
  /// A worker that has nothing to do looks after silent connections this often.
  private static let idleMilliseconds = 1000

  /// - Parameter pulse: Shows that the worker gets on: it waits for peers in epoll alone.
  func runAcceptLoop(_ pulse: Pulse) {
    var buffer = [UInt8](repeating: 0, count: limits.requestBytes)
    var isStopping = false
    while !isStopping {
      pulse.begin()
      let patience = closeLatePeers()
      pulse.end()
      let count = poll.wait(milliseconds: patience) { event in
        pulse.begin()
        switch event.identifier {
        case Self.stopIdentifier: isStopping = true
        case Self.listenerIdentifier: acceptConnections()
        default: serve(event, using: &buffer)
        }
      }
      // Silent connections may have become old enough to be closed.
      if count <= 0, table.withLock({ $0.isListenerPaused }) { resumeListener() }
    }
  }

  /// Serves the request that has come on a connection, if a whole one has.
  private func serve(_ event: EventPoll.Event, using buffer: inout [UInt8]) {
    guard let connection = table.withLock({ $0.begin(event.identifier) }) else { return }
    let inspection = connection.inspect(using: &buffer, isHangUp: event.isHangUp)
    guard case .request(let admission) = inspection else {
      return giveBack(connection, after: inspection, rearms: false)
    }
    guard let body = connection.acceptRequest(admission) else {
      return giveBack(connection, after: .ended, rearms: false)
    }
    // Each event is reported once: what is left to see after the answer has to be reported again.
    let rearms = event.isHangUp || admission.isFollowed
    handler(
      FastCGIExchange(connection, body: body) { [self] answer in
        send(answer, on: connection, rearms: rearms)
      })
  }

  /// Sends an answer: at once, or by a thread for long ones.
  private func send(
    _ answer: FastCGIExchange.Answer, on connection: FastCGIConnection, rearms: Bool
  ) {
    if let instead = answer.insteadWhenBusy,
      answer.pieces.reduce(0, { $0 + $1.count }) > FastCGILimits.directAnswerBytes
    {
      let job = LongAnswerWriters.Job(
        send: { [self] in
          answer.willSend?(false)
          let timeout = limits.longAnswerTimeoutMilliseconds
          let inspection = connection.answer(
            long: answer.pieces, deadline: .now.advanced(byMilliseconds: timeout))
          giveBack(connection, after: inspection, rearms: rearms)
        },
        refuse: { [self] in
          answer.willSend?(true)
          giveBack(connection, after: connection.answer([instead]), rearms: rearms)
        })
      writers.run(job)
    } else {
      answer.willSend?(false)
      giveBack(connection, after: connection.answer(answer.pieces), rearms: rearms)
    }
  }

  /// Gives a connection back to the table, to wait for what comes next on it.
  ///
  /// - Parameter rearms: Whether what has been reported already is to be reported again.
  private func giveBack(
    _ connection: FastCGIConnection, after inspection: FastCGIConnection.Inspection, rearms: Bool
  ) {
    let state: ConnectionState
    switch inspection {
    case .idle: state = .idle
    case .waiting: state = .waiting(until: connection.startDeadline())
    case .request, .ended:
      table.withLock { $0.remove(connection.identifier) }
      connection.close()
      return noteRoom()
    }
    // After the answer to a request that closes the connection, the peer may be gone already.
    let rearms = rearms || connection.isClosing
    let wasPaused = table.withLock { table in
      let hasNews = table.end(connection.identifier, state)
      // This call is made under the lock: the next thread may get and close the connection.
      if hasNews || rearms {
        poll.rearm(connection.descriptor, as: connection.identifier, for: .reading)
      }
      return table.takeListenerPause()
    }
    if wasPaused { resumeListener() }
  }

  /// Closes the connections of peers that are late; tells how long a worker may wait, at most.
  private func closeLatePeers() -> Int {
    let (late, next) = table.withLock { $0.removeLate { .now } }
    if !late.isEmpty {
      for connection in late { connection.close() }
      noteRoom()
    }
    guard let next else { return Self.idleMilliseconds }
    return min(Self.idleMilliseconds, Instant.now.milliseconds(until: next))
  }

  /// Tells those who wait for a connection to close, or for room to accept one.
  private func noteRoom() {
    let wasPaused = table.withLock { table in
      if table.isDraining { self.table.broadcast() }
      return table.takeListenerPause()
    }
    if wasPaused { resumeListener() }
  }
}
