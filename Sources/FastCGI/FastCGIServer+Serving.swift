private import Threads

extension FastCGIServer {
  /// Gets on with a connection that was reported, and hands a request that is complete to the handler.
  func serve(_ event: EventPoll.Event, using buffer: inout [UInt8]) {
    guard let connection = table.withLock({ $0.begin(event.identifier) }) else { return }
    switch connection.advance(using: &buffer, isHangUp: event.isHangUp) {
    case .request(let request):
      handler(
        FastCGIExchange(request) { [self] request, response in
          settle(connection, response.map { connection.answer($0, to: request) } ?? .ended)
        })
    case .pause(let pause): settle(connection, pause)
    }
  }

  /// Gives a connection back to the table, and has it watched for what it waits for.
  private func settle(_ connection: FastCGIConnection, _ pause: FastCGIConnection.Pause) {
    switch pause {
    case .idle: giveBack(connection, .idle, watchedFor: .reading)
    case .receiving:
      let deadline = connection.deadline(limits.peerTimeoutMilliseconds)
      giveBack(connection, .waiting(until: deadline, isUnanswered: false), watchedFor: .reading)
    case .pipelined:
      // Whoever sends on takes the answers in: otherwise there is soon no room to write.
      let deadline = connection.deadline(limits.peerTimeoutMilliseconds)
      giveBack(connection, .waiting(until: deadline, isUnanswered: false), watchedFor: .writing)
    case .sending:
      let deadline = connection.deadline(limits.peerTimeoutMilliseconds)
      giveBack(connection, .waiting(until: deadline, isUnanswered: true), watchedFor: .writing)
    case .ended:
      table.withLock { $0.remove(connection.identifier) }
      connection.close()
      noteRoom()
    }
  }

  private func giveBack(
    _ connection: FastCGIConnection, _ state: ConnectionState,
    watchedFor interest: EventPoll.Interest
  ) {
    let isToBeWatched = connection.isToBeWatched(for: interest)
    let wasPaused = table.withLock { table in
      let hasNews = table.end(connection.identifier, state)
      // Most times all has been read, and what comes next will be reported. Otherwise this call is
      // made under the lock, lest it come after one by the thread that gets the connection next.
      if isToBeWatched || hasNews {
        poll.rearm(connection.descriptor, as: connection.identifier, for: interest)
      }
      return table.takeListenerPause()
    }
    if wasPaused { resumeListener() }
  }

  /// Tells those who wait for a connection to go, or to become idle.
  func noteRoom() {
    let wasPaused = table.withLock { table in
      if table.isDraining { self.table.broadcast() }
      return table.takeListenerPause()
    }
    if wasPaused { resumeListener() }
  }
}
