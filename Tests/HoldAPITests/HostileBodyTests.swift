import Foundation
import HoldAPI
import Testing

/// Bodies made to exhaust a worker's stack or its time.
@Suite struct HostileBodyTests {
  static let bodies: [(String, Int)] = [
    (String(repeating: "[", count: 100_000), 400),
    (String(repeating: "{\"data\":", count: 20_000), 400),
    (String(repeating: "[", count: 32_000) + String(repeating: "]", count: 32_000), 400),
    (#"{"data":"# + String(repeating: "[", count: 30), 400),
    (
      #"{"data":{"ticketd_reserved":"# + String(repeating: "[", count: 30)
        + String(repeating: "]", count: 30) + "}}", 400
    ),
    (
      #"{"data":{"ticketd_reserved":["a"],"reserved_time":1},"x":"#
        + String(repeating: "[", count: 31) + String(repeating: "]", count: 31) + "}", 200
    ),
    ("\"" + String(repeating: "\\", count: 60_000), 400),
    (String(repeating: "]", count: 60_000), 400),
  ]

  @Test(arguments: bodies) func nestingFitsASmallStack(body: String, status: Int) throws {
    let bounds = APIBounds(maximumBodyBytes: 200_000)
    let statuses = Outcome()
    let isDone = DispatchSemaphore(value: 0)
    let thread = Thread {
      for path in ["/tickets_lock", "/tickets_unlock_param"] {
        if let response = try? Client(bounds: bounds).ask("POST", path, body) {
          statuses.all.append(response.status)
        }
      }
      isDone.signal()
    }
    // A worker's.
    thread.stackSize = 512 << 10
    thread.start()
    isDone.wait()
    #expect(statuses.all == [status, status])
  }

  /// Unchecked: read only after the thread that writes it has signalled.
  private final class Outcome: @unchecked Sendable {
    var all: [Int] = []
  }
}
