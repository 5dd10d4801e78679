internal import FastCGI
internal import HoldAPI
internal import HoldStore
internal import Holds
internal import Logging
internal import Postgres
internal import Threads

/// The settings of `holdfast serve`, each declared where it is read, in the shapes that the modules
/// take. Times are in milliseconds.
struct ServiceSettings {
  /// Answers are made this much before the request's time is up, so that they arrive within it.
  private static let answerMarginMilliseconds = 100

  /// Body and parameters: a whole request must fit into a socket's buffer, its records' headers too.
  private static let requestBytes =
    FastCGILimits.maximumRequestBytes - FastCGILimits.recordOverheadBytes

  private static let dayMilliseconds = 86_400_000
  private static let counts = SettingForm.integer(1...65_536)
  static let times = SettingForm.time(1...3_600_000)
  private static let defaultListen = ListenAddress.unix(path: "/run/holdfast/holdfast.sock")

  let listen: ListenAddress
  let backlog: Int
  let socketMode: UInt32
  let shutdownDelayMilliseconds: Int
  let shutdownTimeoutMilliseconds: Int
  let fastCGI: FastCGILimits
  let store: HoldStoreSettings
  let seatMaps: SeatMapSettings
  let bounds: APIBounds

  /// The file of the callers' keys; nil when callers need none.
  let apiKeysFile: String?
  let cpuScheduling: CPUScheduling
  let hasMetrics: Bool
  let logLevel: Logger.Level
  let logFormat: LogFormat
  let logQueueBytes: Int

  /// All settings as they were declared, in the order of `--help`.
  let declarations: [SettingDeclaration]

  init(flags: [String], environment: [String: String]) throws(SettingError) {
    var reader = try SettingReader(flags: flags, environment: environment)
    let listen = try reader.readIfGiven(
      "listen", .listenAddress, default: Self.defaultListen,
      "Address to listen on. If it is not set and a listening socket is passed, by systemd "
        + "(LISTEN_FDS) or as descriptor 0, that socket is used.")
    self.listen = listen ?? PassedSocket.find(environment) ?? Self.defaultListen
    socketMode = try reader.read(
      "socket-mode", .permissions, default: 0o660, "Permissions of the Unix socket's file.")
    backlog = try reader.read(
      "backlog", Self.counts, default: 1024, "Connections that may wait to be accepted.")
    shutdownDelayMilliseconds = try reader.read(
      "shutdown-delay", .time(0...600_000), default: 0,
      "Time for which the service still accepts requests after a stop signal while /readyz answers "
        + "503, so that a load balancer takes the host out first.")
    shutdownTimeoutMilliseconds = try reader.read(
      "shutdown-timeout", Self.times, default: 10_000,
      "Time that a stop waits for open connections. If requests are still unanswered a second "
        + "later, the exit code is 1.")
    let bodyBytes = try reader.read(
      "max-body-bytes", .integer(256...122_880), default: 65_536,
      "Size of a request's body. A larger one is answered with 413.")
    fastCGI = try Self.readFastCGI(&reader, bodyBytes: bodyBytes)
    var store = try Self.readStore(&reader)
    var seatMaps = try Self.readSeatMaps(&reader)
    var bounds = try Self.readBounds(&reader, bodyBytes: bodyBytes)
    try Self.readSales(&reader, &store, &bounds)
    store.shardKey = try Self.readShardKey(&reader, store)
    seatMaps.isSharded = store.shardKey != nil
    bounds.shardKey = store.shardKey
    store.conninfo = try DatabaseURL.read(environment)
    store.longestHoldSeconds = bounds.maximumReservedSeconds
    self.store = store
    seatMaps.conninfo = store.conninfo
    seatMaps.longestHoldSeconds = store.longestHoldSeconds
    seatMaps.connectTimeoutMilliseconds = store.pool.connectTimeoutMilliseconds
    seatMaps.answerTimeoutMilliseconds = store.answerTimeoutMilliseconds
    seatMaps.readTimeoutMilliseconds = min(
      seatMaps.readTimeoutMilliseconds, store.statementTimeoutMilliseconds)
    self.seatMaps = seatMaps
    self.bounds = bounds
    apiKeysFile = try reader.read(
      "api-keys-file", .optionalPath, default: nil,
      "File of the callers' keys; see holdfast key --help. With none, no caller needs a key.")
    cpuScheduling = try reader.read(
      "cpu-scheduling", .choice, default: .batch,
      "The Linux scheduling policy of the service's threads. With batch, threads that wake up do not "
        + "interrupt others: more is done where nginx, PostgreSQL and the service share busy "
        + "processors. inherited leaves the policy as it is: better beside programs that compute "
        + "without a pause.")
    hasMetrics = try reader.read(
      "metrics", .boolean, default: true,
      "Count requests, commits and more, and answer /metrics with the figures for Prometheus.")
    logLevel = try reader.read(
      "log-level", .choice, default: .info,
      "Lowest level that is logged. At debug, every request is logged.")
    logFormat = try reader.read(
      "log-format", .choice, default: .auto,
      "Format of the log. auto writes text to a terminal, and JSON elsewhere.")
    logQueueBytes = try reader.read(
      "log-queue-bytes", .integer(16_384...1_073_741_824), default: 1_048_576,
      "Bytes of the log that may wait for its reader. Further lines are lost, and counted.")
    try reader.finish()
    declarations = reader.declarations
  }

  private static func readFastCGI(
    _ reader: inout SettingReader, bodyBytes: Int
  ) throws(SettingError) -> FastCGILimits {
    let parameterBytes = try reader.read(
      "max-parameters-bytes", .integer(2048...32_768), default: 16_384,
      "Size of a request's FastCGI parameters. If they are larger, the connection is closed. "
        + "nginx/render must know it too.")
    guard bodyBytes + parameterBytes <= requestBytes else {
      throw SettingError(
        "HOLDFAST_MAX_BODY_BYTES and HOLDFAST_MAX_PARAMETERS_BYTES: expected at most \(requestBytes)"
          + " together, since a whole request must fit in a socket's buffer, got "
          + "\(bodyBytes + parameterBytes)")
    }
    return FastCGILimits(
      workers: try reader.read(
        "workers", .integer(1...1024), default: 2, "Threads that accept and decode requests."),
      connections: try reader.read(
        "max-connections", counts, default: 2048,
        "FastCGI connections open at once. When more arrive, stalled ones are closed first, then "
          + "idle ones."),
      peerTimeoutMilliseconds: try reader.read(
        "peer-timeout", times, default: 5000,
        "Time in which the web server must send a whole request."),
      parameterBytes: parameterBytes,
      bodyBytes: bodyBytes,
      longAnswers: try reader.read(
        "long-answers", .integer(1...1024), default: 8,
        "Long answers (lists and seat maps of more than 16 KiB) that are sent at once, each by a "
          + "thread."),
      longAnswersWaiting: try reader.read(
        "long-answers-waiting", .integer(0...65_536), default: 256,
        "Long answers that may wait for a thread. Further ones are answered with 503."),
      longAnswerWaitMilliseconds: try reader.read(
        "long-answer-wait", times, default: 2000,
        "Longest wait of a long answer for a thread. Then the answer is 503."),
      longAnswerTimeoutMilliseconds: try reader.read(
        "long-answer-timeout", times, default: 10_000,
        "Time in which the web server must take in a long answer."))
  }

  private static func readStore(
    _ reader: inout SettingReader
  ) throws(SettingError) -> HoldStoreSettings {
    var store = HoldStoreSettings()
    let requestTimeout = try reader.read(
      "request-timeout", times, default: 5000, "Time in which every request is answered.")
    store.answerTimeoutMilliseconds = max(
      requestTimeout / 2, requestTimeout - answerMarginMilliseconds)
    store.committers = try reader.read(
      "committers", .integer(1...64), default: 2, "Threads that commit batches.")
    store.overlapAfterMilliseconds = try reader.read(
      "overlap-after", .time(0...60_000), default: 20,
      "Longest time that a request waits for a commit in progress before another commit starts "
        + "beside it. The wait is half of a commit's usual time, at least 2ms.")
    store.strictSales = try reader.read(
      "strict-sales", .choice, default: .off,
      "Lock the tickets of a commit, so that no sale by plain SQL commits unseen in between. It "
        + "adds half to PostgreSQL's processor time. auto does so if the role may.")
    store.pool = try readPool(&reader, committers: store.committers)
    store.statementTimeoutMilliseconds = try reader.read(
      "statement-timeout", times, default: 2000, "PostgreSQL's statement_timeout.")
    store.lockTimeoutMilliseconds = try reader.read(
      "lock-timeout", .time(1...60_000), default: 20,
      "PostgreSQL's lock_timeout: how long a commit waits for another session's uncommitted insert "
        + "of the same ticket.")
    store.contentionMilliseconds = try reader.read(
      "contention-time", .time(0...60_000), default: 500,
      "When commits have waited for the same ticket in vain for this time, requests for it are "
        + "refused at once for the same time.")
    store.readinessTimeoutMilliseconds = try reader.read(
      "ready-timeout", times, default: 1000, "Time that /readyz waits for PostgreSQL.")
    store.queue = CommitQueueLimits(
      waitingOperations: try reader.read(
        "queue-length", counts, default: 1024,
        "Requests that may wait for a commit. Further ones are answered with 503."),
      waitingMilliseconds: try reader.read(
        "queue-wait", times, default: 2000,
        "Longest wait for a commit, estimated from the last commits. A request that would wait "
          + "longer is answered with 503 at once."),
      batchOperations: try reader.read(
        "batch-requests", counts, default: 128, "Requests that share a commit."),
      batchTickets: try reader.read(
        "batch-tickets", counts, default: 1024, "Tickets that a shared commit names."))
    store.bestEvents = try reader.read(
      "best-events", .integer(1...10_000), default: 32,
      "Events whose seats are kept in memory for /tickets_lock_best.")
    store.bestSeats = try reader.read(
      "best-seats", .integer(1...10_000_000), default: 500_000,
      "Seats that are kept for /tickets_lock_best, of all events together. About 50 bytes each. A "
        + "larger event is answered with 503.")
    store.sweepIntervalMilliseconds = try reader.read(
      "sweep-interval", .time(0...86_400_000), default: 30_000,
      "Pause between sweeps of expired rows. 0 turns the sweeps off.")
    store.sweepPages = try reader.read(
      "sweep-pages", counts, default: 128, "Table pages that one statement of a sweep covers.")
    let history = try reader.read(
      "history", .time(0...315_360_000_000), default: 30 * dayMilliseconds,
      "How long the history of each ticket is kept, rounded up to days. 0 records none.")
    store.historyDays = (history + dayMilliseconds - 1) / dayMilliseconds
    return store
  }

  private static func readSeatMaps(
    _ reader: inout SettingReader
  ) throws(SettingError) -> SeatMapSettings {
    var seatMaps = SeatMapSettings()
    seatMaps.readers = try reader.read(
      "seat-map-readers", .integer(1...64), default: 2,
      "Threads that read seat maps, each with a PostgreSQL connection of its own.")
    seatMaps.limits.events = try reader.read(
      "seat-map-events", counts, default: 64,
      "Events whose seat maps are kept. When more are asked for in one second, further ones are "
        + "answered with 503.")
    seatMaps.limits.bytes = try reader.read(
      "seat-map-bytes", .integer(65_536...1_073_741_824), default: 33_554_432,
      "Bytes of seat maps that are kept, compressed ones included.")
    seatMaps.limits.unknownEvents = try reader.read(
      "unknown-events", counts, default: 4096,
      "Event ids that are looked for, and unknown ones remembered, at once. Further ones are "
        + "answered with 503.")
    seatMaps.lists = try reader.read(
      "lists", .integer(1...1024), default: 4,
      "Lists of tickets in memory at once, and as many uncompressed layouts. Further ones are "
        + "answered with 503. One list is read at a time, on a connection of its own.")
    return seatMaps
  }

  private static func readPool(
    _ reader: inout SettingReader, committers: Int
  ) throws(SettingError) -> PoolLimits {
    let pool = PoolLimits(
      connections: try reader.read(
        "pool-size", .integer(2...256), default: 5,
        "PostgreSQL connections for all but seat maps and lists. Three more than committers leave one "
          + "for each other task."),
      connectTimeoutMilliseconds: try reader.read(
        "connect-timeout", times, default: 2000,
        "Time for one attempt to connect to PostgreSQL, shared by its hosts. It does not bound "
          + "DNS: where name servers may be slow, use IP addresses or hostaddr."))
    guard pool.connections > committers else {
      throw SettingError(
        "HOLDFAST_POOL_SIZE: expected more than HOLDFAST_COMMITTERS, which is \(committers), "
          + "got \"\(pool.connections)\"")
    }
    return pool
  }
}
