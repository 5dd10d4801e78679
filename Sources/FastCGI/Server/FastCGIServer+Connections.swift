private import Glibc
private import Threads

/// Connections are accepted from the listening socket as long as there is room in the table.
extension FastCGIServer {
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

  /// Accepts one connection; false, and `errno`, when none waits.
  func acceptConnection(from socket: ListeningSocket) -> Bool {
    guard let descriptor = socket.accept() else { return false }
    // An evicted connection closes here, as its last owner lets go.
    let connection = table.withLock { $0.insert(owning: descriptor, now: .now) }.added
    poll.add(descriptor, as: connection.identifier, for: .reading)
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
