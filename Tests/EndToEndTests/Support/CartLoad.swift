import Foundation

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

  private let steps = Locked<[Step]>([])
  private let isEnough = Locked(false)
  private let clients: Parallel.Started<Void>

  /// The tickets `prefix1` and so on must be there.
  init(_ site: Site, prefix: String, clients: Int = 12) {
    let port = site.httpPort
    let next = Locked(0)
    let run = UInt32.random(in: 0 ... .max)
    self.clients = Parallel.start { [steps, isEnough] in
      try Parallel.run(clients) { _ in
        let http = HTTPConnection(port: port)
        while !isEnough.withLock({ $0 }) {
          let number = next.withLock {
            $0 += 1
            return $0
          }
          for kind in [Kind.lock, .renewal] + [[], [.release], [.sale]][number % 3] {
            let step = Self.ask(
              kind, "\(prefix)\(number)", "\(run)-\(number)-\(kind.rawValue)", by: http)
            steps.withLock { $0.append(step) }
            guard step.status == 200 else { break }
          }
        }
      }
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
    try Clock.wait("\(count) more steps", seconds: 30) { done >= before + count }
  }

  private var done: Int { steps.withLock { $0.count { $0.status == 200 } } }

  /// Ends the load and waits for the answers that are under way.
  func finish() throws -> [Step] {
    isEnough.withLock { $0 = true }
    try clients.value()
    return steps.withLock { $0 }
  }
}
