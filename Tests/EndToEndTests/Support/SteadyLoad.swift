import Foundation

/// Clients that each lock a ticket of their own after the other, and remember every answer.
final class SteadyLoad: Sendable {
  struct Answer: Sendable {
    var ticket: String

    /// Which of the clients asked.
    var client: Int

    /// nil when the connection was closed instead.
    var response: HTTPResponse?

    var status: Int? { response?.status }
  }

  private let answers = Locked<[Answer]>([])
  private let isEnough = Locked(false)
  private let clients: Parallel.Started<Void>

  let clientCount: Int

  /// The tickets `prefix1` and so on must be there.
  init(_ site: Site, prefix: String, clients: Int = 16) {
    clientCount = clients
    let port = site.httpPort
    let next = Locked(0)
    self.clients = Parallel.start { [answers, isEnough] in
      try Parallel.run(clients) { client in
        let http = HTTPConnection(port: port)
        while !isEnough.withLock({ $0 }) {
          let number = next.withLock {
            $0 += 1
            return $0
          }
          let response = try? http.lock(["\(prefix)\(number)"])
          let answer = Answer(
            ticket: "\(prefix)\(number)", client: client, response: response)
          answers.withLock { $0.append(answer) }
          if response?.status != 200 { Clock.sleep(0.01) }
        }
      }
    }
  }

  /// What has been answered so far.
  var current: [Answer] { answers.withLock { $0 } }

  func waitForGrants(_ count: Int) throws {
    let before = current.count { $0.status == 200 }
    try Clock.wait("\(count) more grants") {
      current.count { $0.status == 200 } >= before + count
    }
  }

  /// Ends the load and waits for the answers that are under way.
  func finish() throws -> [Answer] {
    isEnough.withLock { $0 = true }
    try clients.value()
    return current
  }
}
