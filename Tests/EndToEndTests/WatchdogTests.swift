import Foundation
import TestSupport
import Testing

extension EndToEnd {
  /// A log that nobody reads keeps no thread: every thread that the watchdog watches goes on.
  @Suite("Watchdog")
  struct WatchdogTests {
    /// Requests and their answers, by the thread that answers and logs them.
    private static let requests = [
      ("a worker", "GET", "/livez", "", 200),
      ("a committer", "POST", "/tickets_lock", RequestText.lock(["no-such-ticket"]), 400),
    ]

    private let site: Site

    init() throws { site = try .shared() }

    @Test(arguments: requests)
    func theWatchdogIsKeptQuietThoughNobodyReadsTheLog(
      thread: String, method: String, path: String, body: String, status: Int
    ) throws {
      let manager = try NotifyReceiver()
      let log = try LogPipe()
      let service = try ServiceProcess(
        on: site,
        settings: [
          "HOLDFAST_LOG_LEVEL": "debug", "HOLDFAST_REQUEST_TIMEOUT": "2s",
          "HOLDFAST_STATEMENT_TIMEOUT": "1s", "HOLDFAST_QUEUE_WAIT": "1s",
          "HOLDFAST_SWEEP_INTERVAL": "0", "HOLDFAST_HISTORY": "0", "NOTIFY_SOCKET": manager.name,
          "WATCHDOG_USEC": "200000",
        ], output: log.writeEnd)
      try manager.waitFor("STATUS=ready; ")
      log.fill()

      let peer = try service.peer()
      for _ in 0..<3 {
        #expect(try peer.request(method, path, body: body).status == status)
        try manager.expectKept("\(thread) has logged to a full pipe")
      }
      service.signal(SIGKILL)
      withExtendedLifetime(peer) {}
    }
  }
}

extension NotifyReceiver {
  /// Waits until reports with the sign that keeps the watchdog quiet come: several in a row.
  fileprivate func expectKept(_ when: String) throws {
    let before = received.count
    try waitUntil("the watchdog is kept quiet, as \(when)", seconds: 120) {
      let last = received.dropFirst(before).suffix(5)
      return last.count == 5 && last.allSatisfy { $0.contains("WATCHDOG=1") }
    }
  }
}

/// A pipe that takes in a service's log, and is never read.
private final class LogPipe {
  let writeEnd: Int32
  private let readEnd: Int32

  init() throws {
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else { throw Failure(errno: "pipe") }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    (readEnd, writeEnd) = (ends[0], ends[1])
  }

  deinit {
    close(readEnd)
    close(writeEnd)
  }

  /// Leaves no room for a byte.
  func fill() {
    setBlocking(false, writeEnd)
    for size in [4096, 1] {
      let bytes = [UInt8](repeating: UInt8(ascii: "\n"), count: size)
      while write(writeEnd, bytes, size) > 0 {}
    }
    setBlocking(true, writeEnd)
  }

  private func setBlocking(_ isBlocking: Bool, _ descriptor: Int32) {
    let flags = fcntl(descriptor, F_GETFL)
    _ = fcntl(descriptor, F_SETFL, isBlocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK)
  }
}
