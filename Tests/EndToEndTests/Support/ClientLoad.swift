import TestSupport
import Threads

/// Clients that take turns at a site until it is enough, and what came of each turn.
final class ClientLoad<Record: Sendable>: Sendable {
  private let records = Monitor<[Record]>([])
  private let isEnough = Monitor(false)
  private let clients: Background<Void>

  /// Starts so many clients, each with a connection of its own.
  ///
  /// - Parameter turn: What a client does, given which client it is and the turn's number, from 1.
  init(
    _ site: Site, clients: Int,
    turn: @escaping @Sendable (HTTPConnection, _ client: Int, _ number: Int) -> [Record]
  ) {
    let port = site.httpPort
    let next = Monitor(0)
    self.clients = Background { [records, isEnough] in
      try inParallel(clients) { client in
        let http = HTTPConnection(port: port)
        while !isEnough.withLock({ $0 }) {
          let number = next.withLock {
            $0 += 1
            return $0
          }
          let more = turn(http, client, number)
          records.withLock { $0 += more }
        }
      }
    }
  }

  /// What has been recorded so far.
  var current: [Record] { records.withLock { $0 } }

  /// Ends the load and waits for the turns that are under way.
  func finish() throws -> [Record] {
    isEnough.withLock { $0 = true }
    try clients.value()
    return current
  }
}
