import Foundation
import TestSupport

/// Many clients that all want a few tickets.
struct Rush: Sendable {
  var clients = 64
  var tickets: [String]
  var seconds = 4.0

  /// They go on until so many requests are made, however slow the machine is.
  var leastAttempts = 3000

  func run(on site: Site) throws -> [Attempt] {
    let port = site.httpPort
    let end = Clock.now + seconds
    return try inParallel(clients) { client in
      let connection = HTTPConnection(port: port)
      var own: [Attempt] = []
      var isDone = false
      while !isDone {
        let number = "client-\(client)-request-\(own.count)"
        own.append(try attempt(number, on: connection))
        isDone = Clock.now > end && own.count * clients >= leastAttempts
      }
      return own
    }.flatMap { $0 }
  }

  /// A lock; when granted to a cart, in most cases a release after a moment.
  private func attempt(_ number: String, on connection: HTTPConnection) throws -> Attempt {
    let wanted = Array(tickets.shuffled().prefix(.random(in: 1...3)))
    let holdID = Int.random(in: 0..<4) == 0 ? nil : number
    let seconds = Double(Int.random(in: 10...40)) / 100
    let start = Clock.wall
    let response = try connection.lock(wanted, seconds: seconds, holdID: holdID)
    let finish = Clock.wall
    var attempt = Attempt(
      tickets: wanted, holdID: holdID, start: start, finish: finish, outcome: .unknown)
    switch response.status {
    case 200:
      let told = (response.data["expires_at"] as? String).flatMap(Self.seconds)
      attempt.outcome = .granted(
        expiry: told.map { $0...$0 + 0.001 } ?? start + seconds...finish + seconds)
    case 400: attempt.outcome = .refused(response.data["nodisponible"] as? [String] ?? [])
    default: break
    }
    if case .granted = attempt.outcome, let holdID, Int.random(in: 0..<10) < 7 {
      Clock.sleep(Double.random(in: 0...0.02))
      attempt.releaseStart = Clock.wall
      let status = try connection.release(wanted, holdID: holdID).status
      attempt.releaseFinish = status == 200 ? Clock.wall : .infinity
    }
    return attempt
  }

  private static func seconds(_ timestamp: String) -> Double? {
    let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
    return (try? style.parse(timestamp))?.timeIntervalSince1970
  }
}
