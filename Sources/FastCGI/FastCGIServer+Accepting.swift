private import Glibc
private import Threads

extension FastCGIServer {
  /// Takes the connections that wait, as far as there is room in the table.
  func acceptConnections() {
    // The monitor keeps the socket open for as long as it is used here.
    listener.withLock { socket in
      guard let socket else { return }
      errno = 0
      while !pauseListenerIfFull(), acceptConnection(from: socket) {}
      if errno == EMFILE || errno == ENFILE {
        // Out of descriptors: wait until a connection gives one back, instead of trying at once again.
        table.withLock { $0.isListenerPaused = $0.count > 0 }
      }
      if !table.withLock({ $0.isListenerPaused }) {
        poll.rearm(socket.descriptor, as: Self.listenerIdentifier, for: .accepting)
      }
    }
  }

  /// Takes one connection; false, and `errno`, when there is none to be had.
  func acceptConnection(from listener: ListeningSocket) -> Bool {
    guard let descriptor = StreamSocket.accept(from: listener.descriptor) else { return false }
    // What is evicted closes here, as its last owner lets go.
    let connection = table.withLock { $0.insert(owning: descriptor, now: .now) }.added
    poll.add(connection.descriptor, as: connection.identifier, for: .reading)
    return true
  }

  private func pauseListenerIfFull() -> Bool {
    table.withLock { table in
      table.isListenerPaused = table.isFull(now: .now)
      return table.isListenerPaused
    }
  }

  /// Has the listening socket watched again.
  func resumeListener() {
    listener.withLock { socket in
      if let socket { poll.rearm(socket.descriptor, as: Self.listenerIdentifier, for: .accepting) }
    }
  }
}
