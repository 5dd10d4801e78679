import Foundation
import TestSupport

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

  let clientCount: Int
  private let load: ClientLoad<Answer>

  /// The tickets `prefix1` and so on must be there.
  init(_ site: Site, prefix: String, clients: Int = 16) {
    clientCount = clients
    load = ClientLoad(site, clients: clients) { http, client, number in
      let ticket = "\(prefix)\(number)"
      let response = try? http.lock([ticket])
      if response?.status != 200 { Clock.sleep(0.01) }
      return [Answer(ticket: ticket, client: client, response: response)]
    }
  }

  /// What has been answered so far.
  var current: [Answer] { load.current }

  func waitForGrants(_ count: Int) throws {
    let before = current.count { $0.status == 200 }
    try waitUntil("\(count) more grants") {
      current.count { $0.status == 200 } >= before + count
    }
  }

  /// Ends the load and waits for the answers that are under way.
  func finish() throws -> [Answer] { try load.finish() }
}
