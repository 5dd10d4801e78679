private import Glibc
internal import Holds
internal import Threads

/// Tells the service manager when the service is ready, how it is, and that it still works.
final class ServiceReporter: Sendable {
  /// What the report says, and who is to be asked.
  struct Sources: Sendable {
    /// How many requests have been answered since the start.
    let answeredRequests: @Sendable () -> Int

    /// How many requests wait for a commit.
    let waitingRequests: @Sendable () -> Int

    /// Asks whether requests can be served, and answers soon.
    let checkReadiness: @Sendable (@escaping @Sendable (Readiness) -> Void) -> Void

    /// Whether the threads that serve get on with their work.
    let isWorking: @Sendable (Instant) -> Bool
  }

  private static let longestPauseMilliseconds = 2000

  private let socket: NotifySocket
  private let sources: Sources
  private let pauseMilliseconds: Int
  private let keepsWatchdog: Bool
  private let readiness = Monitor<Readiness?>(nil)

  /// - Returns: nil if there is no service manager.
  init?(environment: [String: String], sources: Sources) throws(SettingError) {
    guard let socket = try NotifySocket(environment: environment) else { return nil }
    self.socket = socket
    self.sources = sources
    // The watchdog barks after this time, unless it was for another process (`sd_watchdog_enabled(3)`).
    let watchdog = environment["WATCHDOG_USEC"].flatMap { Int($0) } ?? 0
    let watched = environment["WATCHDOG_PID"].flatMap { Int32($0) } ?? getpid()
    keepsWatchdog = watchdog > 0 && watched == getpid()
    let half = keepsWatchdog ? max(1, watchdog / 2000) : Self.longestPauseMilliseconds
    pauseMilliseconds = min(half, Self.longestPauseMilliseconds)
  }

  /// The service listens: says so, and reports from now on until the process ends.
  func start() {
    socket.send("READY=1")
    askReadiness()
    _ = WorkerThread { [self] in
      var last = (time: Instant.now, count: sources.answeredRequests())
      while true {
        last.time.advanced(byMilliseconds: pauseMilliseconds).sleep()
        let now = (time: Instant.now, count: sources.answeredRequests())
        report(rate: Self.rate(from: last, to: now), at: now.time)
        last = now
        askReadiness()
      }
    }
  }

  /// The service stops, within that time: the service manager is not to kill it before, however short
  /// its own limit is (`EXTEND_TIMEOUT_USEC` in `sd_notify(3)`).
  func stop(withinMilliseconds milliseconds: Int) {
    // What the last check found is told until the next has ended.
    readiness.withLock { $0?.isStopping = true }
    socket.send(
      "STOPPING=1", "STATUS=stopping", "EXTEND_TIMEOUT_USEC=\(milliseconds * 1000)")
  }

  /// Reports once; keeps the watchdog quiet only if the service works.
  private func report(rate: Int, at now: Instant) {
    let status =
      "STATUS=\(readinessText); \(rate) requests/s; \(sources.waitingRequests()) wait for a commit"
    if keepsWatchdog, sources.isWorking(now) {
      socket.send(status, "WATCHDOG=1")
    } else {
      socket.send(status)
    }
  }

  private var readinessText: String {
    guard let readiness = readiness.withLock({ $0 }) else { return "starting" }
    if readiness.isStopping { return "stopping" }
    switch readiness.database {
    case .ok: return "ready"
    case .unreachable: return "not ready, the database is unreachable"
    case .refused: return "not ready, the database would refuse commits"
    }
  }

  private func askReadiness() {
    sources.checkReadiness { [readiness] answer in readiness.withLock { $0 = answer } }
  }

  private static func rate(
    from last: (time: Instant, count: Int), to now: (time: Instant, count: Int)
  ) -> Int {
    let microseconds = max(1, last.time.microseconds(until: now.time))
    return (now.count - last.count) * 1_000_000 / microseconds
  }
}
