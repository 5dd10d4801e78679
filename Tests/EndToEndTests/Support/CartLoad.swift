import Foundation
import TestSupport

/// Clients whose carts are locked and renewed, and then kept, released or sold, one ticket each.
final class CartLoad: Sendable {
  /// What a request asks for, by the letter that the history has for it.
  enum Kind: String, CaseIterable, Sendable {
    case lock = "h"
    case renewal = "r"
    case release = "x"
    case sale = "s"
  }

  /// One request.
  struct Step: Sendable {
    var ticket: String
    var kind: Kind
    var requestID: String

    /// nil when the connection was closed instead of an answer.
    var status: Int?
  }

  private let load: ClientLoad<Step>

  /// The tickets `prefix1` and so on must be there.
  init(_ site: Site, prefix: String, clients: Int = 12) {
    let run = UInt32.random(in: 0 ... .max)
    load = ClientLoad(site, clients: clients) { http, _, number in
      var steps: [Step] = []
      for kind in [Kind.lock, .renewal] + [[], [.release], [.sale]][number % 3] {
        steps.append(
          Self.ask(kind, "\(prefix)\(number)", "\(run)-\(number)-\(kind.rawValue)", by: http))
        guard steps.last?.status == 200 else { break }
      }
      return steps
    }
  }

  private static func ask(
    _ kind: Kind, _ ticket: String, _ requestID: String, by http: HTTPConnection
  ) -> Step {
    let cart = "cart-of-ticket-" + ticket
    let (path, body) =
      switch kind {
      case .lock: ("/tickets_lock", RequestText.lock([ticket], seconds: 600, holdID: cart))
      case .renewal: ("/tickets_lock", RequestText.lock([ticket], seconds: 900, holdID: cart))
      case .release: ("/tickets_unlock_param", RequestText.release([ticket], holdID: cart))
      case .sale: ("/tickets_confirm", RequestText.confirm([ticket], order: ticket, holdID: cart))
      }
    let response = try? http.post(path, body, headers: ["X-Request-Id: \(requestID)"])
    return Step(ticket: ticket, kind: kind, requestID: requestID, status: response?.status)
  }

  /// Waits for so many more steps that were answered with 200.
  func waitForSteps(_ count: Int) throws {
    let before = done
    try waitUntil("\(count) more steps") { done >= before + count }
  }

  private var done: Int { load.current.count { $0.status == 200 } }

  /// Ends the load and waits for the answers that are under way.
  func finish() throws -> [Step] { try load.finish() }
}
