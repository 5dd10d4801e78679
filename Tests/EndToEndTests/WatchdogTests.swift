import Foundation
import Testing

extension EndToEnd {
  /// A thread that is truly stuck: nobody reads what the service logs, and who logs waits for that.
  @Suite("Watchdog")
  struct WatchdogTests {
    /// Requests and their answers, by the thread that answers and logs them.
    ///
    /// The sweep that the last one asks for is stuck in its own log line, and nobody watches its thread.
    /// So the caller's time passes, and the thread that keeps the deadlines answers: only that thread
    /// answers this request with 503 while the database is there.
    private static let requests = [
      ("a worker", "GET", "/livez", "", 200),
      ("a committer", "POST", "/tickets_lock", RequestText.lock(["no-such-ticket"]), 400),
      ("the thread that keeps the deadlines", "POST", "/tickets_unlock", "", 503),
    ]

    private let site: Site

    init() throws { site = try .shared() }

    @Test(arguments: requests)
    func theWatchdogStarvesWhileAThreadIsStuck(
      thread: String, method: String, path: String, body: String, status: Int
    ) throws {
      let manager = try NotifyReceiver()
      let log = try LogPipe()
      let directory = try TemporaryDirectory()
      let settings = [
        "HOLDFAST_LISTEN": directory.path + "/s", "HOLDFAST_LOG_LEVEL": "debug",
        "HOLDFAST_REQUEST_TIMEOUT": "2s", "HOLDFAST_SWEEP_INTERVAL": "0",
        "HOLDFAST_HISTORY": "0", "NOTIFY_SOCKET": manager.name, "WATCHDOG_USEC": "200000",
      ]
      let service = try ChildProcess(
        [TestSettings.binary, "serve"],
        environment: site.databaseEnvironment().merging(settings) { $1 }, output: log.writeEnd)
      try manager.waitFor("STATUS=ready; ")
      // The control: with its log full, and nothing to log, the service works.
      log.fill()
      try manager.expectKept(true, "the log is full")

      let peer = FastCGIPeer(try Socket(path: directory.path + "/s"))
      #expect(try peer.request(method, path, body: body).status == status)
      try manager.expectKept(false, "\(thread) is stuck")
      // It is for the service manager to end this; here the log is read again.
      log.drain()
      try manager.expectKept(true, "the log is read")
      service.signal(SIGKILL)
      withExtendedLifetime(peer) {}
    }
  }
}

extension NotifyReceiver {
  /// Waits until reports come with, or without, the sign that keeps the watchdog quiet: several in a row.
  fileprivate func expectKept(_ isKept: Bool, _ when: String) throws {
    let before = received.count
    try Clock.wait("watchdog kept quiet: \(isKept), as \(when)", seconds: 120) {
      let last = received.dropFirst(before).suffix(5)
      return last.count == 5 && last.allSatisfy { $0.contains("WATCHDOG=1") == isKept }
    }
  }
}

/// A pipe that takes in a service's log, and is read only when the test says so.
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

  /// Reads all that is there.
  func drain() {
    setBlocking(false, readEnd)
    var bytes = [UInt8](repeating: 0, count: 65_536)
    while read(readEnd, &bytes, bytes.count) > 0 {}
  }

  private func setBlocking(_ isBlocking: Bool, _ descriptor: Int32) {
    let flags = fcntl(descriptor, F_GETFL)
    _ = fcntl(descriptor, F_SETFL, isBlocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK)
  }
}
