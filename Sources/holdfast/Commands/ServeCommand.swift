internal import ArgumentParser
private import FastCGI
private import FoundationEssentials
private import Glibc
private import HoldAPI
private import HoldStore
private import Logging
private import Threads

/// `holdfast serve`: serves FastCGI until SIGTERM or SIGINT.
struct ServeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve", abstract: "Serve FastCGI requests.",
    usage: "holdfast serve [--<setting> <value>]...", discussion: HelpText.settings)

  @Argument(parsing: .allUnrecognized, help: .hidden)
  var flags: [String] = []

  /// Beyond the shutdown timeout, for requests in flight to end by themselves.
  private static let shutdownGraceMilliseconds = 1000

  func run() throws {
    // Before any thread starts, since threads inherit the mask.
    let signals = StopSignals()
    let environment = ProcessInfo.processInfo.environment
    let settings = try ServiceSettings(flags: flags, environment: environment)
    raiseDescriptorLimit()
    let schedulingError = settings.cpuScheduling.apply()
    let log = LogWriter(format: settings.logFormat, queueBytes: settings.logQueueBytes)
    defer { log.flush() }
    let logger = Logger(label: "holdfast") { _ in
      LineLogHandler(logLevel: settings.logLevel, to: log)
    }
    for variable in UnknownVariable.all(in: environment, declared: settings.declarations) {
      logger.warning(
        "unknown setting ignored",
        metadata: ["name": "\(variable.name)", "nearest": "\(variable.nearest ?? "none")"])
    }
    if let code = schedulingError {
      let reason = unsafe String(cString: strerror(code))
      logger.warning("CPU scheduling unchanged", metadata: ["reason": "\(reason)"])
    }
    let access = try settings.apiKeysFile.map { try Self.access(keysFile: $0, logger: logger) }
    if settings.store.hasConfirms && access == nil {
      logger.warning(
        "whoever may call /tickets_confirm can sell any free ticket: no key is asked for",
        metadata: ["setting": "HOLDFAST_API_KEYS_FILE"])
    }
    let socket = try ListeningSocket(
      settings.listen, backlog: settings.backlog, mode: settings.socketMode)
    let metrics = settings.hasMetrics ? ServiceMetrics(version: HoldfastCommand.version) : nil
    let onEvent: @Sendable (HoldStoreEvent) -> Void = { event in
      metrics?.count(event)
      logger.log(event)
    }
    let store = HoldStore(settings: settings.store, onEvent: onEvent)
    let seatMaps = SeatMapStore(settings: settings.seatMaps, beside: store, onEvent: onEvent)
    let api = API(
      service: store, seatMaps: seatMaps, bounds: settings.bounds, access: access,
      openAPI: PackageResources.openapi_yaml, metrics: metrics?.text)
    let handler = RequestHandler(
      api: api, logger: logger, metrics: metrics?.addRequests(paths: api.paths),
      retryAfterSeconds: settings.bounds.retryAfterSeconds)
    let server = FastCGIServer(listeningOn: socket, limits: settings.fastCGI) { handler.handle($0) }
    metrics?.add(log)
    metrics?.add(store)
    metrics?.add(server, connectionLimit: settings.fastCGI.connections)
    let reporter = try ServiceReporter(
      environment: environment, sources: Self.reportSources(store, server, handler))
    reporter?.start()
    logger.notice(
      "serving",
      metadata: ["version": "\(HoldfastCommand.version)", "listen": "\(settings.listen)"])

    let name = signals.wait()
    // Before the log says so, so that a reader of the log gets the same from /readyz.
    store.prepareToStop()
    reporter?.stop(withinMilliseconds: Self.longestStopMilliseconds(settings))
    logger.notice("stopping", metadata: ["signal": "\(name)"])
    exitAtSecondSignal(signals, logger, log)
    Instant.now.advanced(byMilliseconds: settings.shutdownDelayMilliseconds).sleep()
    let deadline = Instant.now.advanced(byMilliseconds: settings.shutdownTimeoutMilliseconds)
    exitWhenLate(deadline, server, logger, log)
    server.drain()
    _ = server.waitUntilIdle(until: deadline)
    seatMaps.stop()
    store.stop()
    server.stop()
    let unanswered = Self.unansweredRequests(server)
    logger.notice("stopped", metadata: ["unanswered": "\(unanswered)"])
    if unanswered > 0 { throw ExitCode.failure }
  }

  /// When the process has ended, whatever happens, and as much again for its end itself.
  private static func longestStopMilliseconds(_ settings: ServiceSettings) -> Int {
    settings.shutdownDelayMilliseconds + settings.shutdownTimeoutMilliseconds
      + 2 * shutdownGraceMilliseconds
  }

  /// Keys expire by this machine's clock: no request waits for the database to learn the day.
  private static func access(
    keysFile path: String, logger: Logger
  ) throws(SettingError) -> APIAccess {
    let file = try APIKeyFile(path: path) { event in
      switch event {
      case .read(let keys): logger.notice("API keys read", metadata: ["keys": "\(keys)"])
      case .failed(let reason):
        logger.error("API keys not read: the old ones stay", metadata: ["reason": "\(reason)"])
      }
    }
    return APIAccess(
      keys: { file.current() }, unixSeconds: { Int(Date.now.timeIntervalSince1970) })
  }

  private static func reportSources(
    _ store: HoldStore, _ server: FastCGIServer, _ handler: RequestHandler
  ) -> ServiceReporter.Sources {
    ServiceReporter.Sources(
      answeredRequests: { handler.answeredCount }, waitingRequests: { store.waitingCount },
      checkReadiness: { store.checkReadiness(completion: $0) },
      isWorking: { now in
        store.isWorking(at: now) && server.longestTurnMilliseconds(at: now) < stuckMilliseconds
      })
  }

  /// A worker is at a request for microseconds, and waits in the gate for nobody.
  private static let stuckMilliseconds = 10_000

  private static func unansweredRequests(_ server: FastCGIServer) -> Int {
    server.waitUntilIdle(until: .now)
  }

  private func exitAtSecondSignal(_ signals: StopSignals, _ logger: Logger, _ log: LogWriter) {
    _ = WorkerThread {
      let name = signals.wait()
      logger.warning("stopping at once", metadata: ["signal": "\(name)"])
      log.flush()
      // Not exit(3), which would unload libraries while threads still use them.
      _exit(EXIT_FAILURE)
    }
  }

  private func exitWhenLate(
    _ deadline: Instant, _ server: FastCGIServer, _ logger: Logger, _ log: LogWriter
  ) {
    _ = WorkerThread {
      deadline.advanced(byMilliseconds: Self.shutdownGraceMilliseconds).sleep()
      logger.error(
        "stop timed out", metadata: ["unanswered": "\(Self.unansweredRequests(server))"])
      log.flush()
      _exit(EXIT_FAILURE)
    }
  }

  /// Raises the soft limit of descriptors to the hard one (`getrlimit(2)`), as servers do: each
  /// connection takes one.
  private func raiseDescriptorLimit() {
    var limit = rlimit()
    guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
    limit.rlim_cur = limit.rlim_max
    unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
  }
}
