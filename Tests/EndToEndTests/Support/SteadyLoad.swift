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

  /// What the clients were told, and which of their tickets are held in the end.
  struct Outcome {
    let answers: [Answer]
    let held: Set<String>

    var granted: Set<String> { Set(answers.filter { $0.status == 200 }.map(\.ticket)) }

    /// Every status with its message, once.
    var told: Set<String> {
      Set(answers.map { "\($0.status ?? 0) \($0.response?.message ?? "closed")" })
    }
  }

  let clientCount: Int
  private let site: Site
  private let prefix: String
  private let load: ClientLoad<Answer>

  /// The tickets `prefix1` and so on must be there.
  ///
  /// - Parameter pause: For so many seconds a client waits after each lock, so that the tickets last.
  init(_ site: Site, prefix: String, clients: Int = 16, pause: Double = 0) {
    (self.site, self.prefix, clientCount) = (site, prefix, clients)
    load = ClientLoad(site, clients: clients) { http, client, number in
      let ticket = "\(prefix)\(number)"
      let response = try? http.lock([ticket])
      Clock.sleep(response?.status == 200 ? pause : 0.01)
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
  func finish() throws -> Outcome {
    let answers = try load.finish()
    let held = try site.database().column(
      "SELECT ticket_id FROM tickets_blocked WHERE starts_with(ticket_id, '\(prefix)')")
    return Outcome(answers: answers, held: Set(held))
  }

  /// Does something to the site under such a load, of which so many are granted before it and after it.
  static func during(
    _ site: Site, prefix: String, grants: Int = 50, pause: Double = 0,
    fault: (SteadyLoad) throws -> Void
  ) throws -> Outcome {
    let load = SteadyLoad(site, prefix: prefix, pause: pause)
    try load.waitForGrants(grants)
    try fault(load)
    try load.waitForGrants(grants)
    return try load.finish()
  }
}
