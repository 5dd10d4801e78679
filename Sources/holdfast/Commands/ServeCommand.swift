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
    commandName: "serve", abstract: "Serve FastCGI requests.", discussion: Setting.helpText)

  @Argument(parsing: .allUnrecognized, help: .hidden)
  var flags: [String] = []

  /// Beyond the shutdown timeout, for what is under way to end by itself.
  private static let shutdownGraceMilliseconds = 1000

  func run() throws {
    // Before any thread starts, since threads inherit the mask.
    let signals = StopSignals()
    let environment = ProcessInfo.processInfo.environment
    let settings = try ServiceSettings(
      SettingValues(flags: flags, environment: environment), environment: environment)
    DescriptorLimit.raise()
    let logger = Logger(label: "holdfast") { _ in
      LineLogHandler(logLevel: settings.logLevel, format: settings.logFormat)
    }
    let socket = try ListeningSocket(
      settings.listen, backlog: settings.backlog, mode: settings.socketMode)
    let store = HoldStore(settings: settings.store) { logger.log($0) }
    let handler = RequestHandler(api: API(service: store, bounds: settings.bounds), logger: logger)
    let server = FastCGIServer(listeningOn: socket, limits: settings.fastCGI) { handler.handle($0) }
    logger.notice(
      "serving",
      metadata: ["version": "\(Version.current)", "listen": "\(settings.listen)"])

    let name = signals.wait()
    // Before it is said, so that whoever has read it is not told otherwise by /readyz.
    store.prepareToStop()
    logger.notice("stopping", metadata: ["signal": "\(name)"])
    let deadline = Instant.now.advanced(byMilliseconds: settings.shutdownTimeoutMilliseconds)
    let bounds = [
      WorkerThread {
        let name = signals.wait()
        logger.warning("stopping at once", metadata: ["signal": "\(name)"])
        // Not exit(3), which would take libraries down beneath threads that still run.
        _exit(1)
      },
      WorkerThread {
        deadline.advanced(byMilliseconds: Self.shutdownGraceMilliseconds).sleep()
        logger.warning("stopping late: something did not end in time")
        _exit(0)
      },
    ]
    server.drain()
    let unanswered = server.waitUntilIdle(until: deadline)
    store.stop()
    server.stop()
    logger.notice("stopped", metadata: ["unanswered": "\(unanswered)"])
    _ = bounds
  }
}
