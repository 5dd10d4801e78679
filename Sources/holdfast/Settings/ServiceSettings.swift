internal import FastCGI
internal import HoldAPI
internal import HoldStore
internal import Holds
internal import Logging
internal import Postgres

/// The settings of `holdfast serve` in the shapes that the modules take.
struct ServiceSettings {
  /// Answers are made this much before the request's time is up, so that they arrive within it.
  private static let answerMarginMilliseconds = 100

  let listen: ListenAddress
  let backlog: Int
  let socketMode: UInt32
  let fastCGI: FastCGILimits
  let store: HoldStoreSettings
  let bounds: APIBounds
  let shutdownTimeoutMilliseconds: Int
  let logLevel: Logger.Level
  let logFormat: LogFormat

  init(_ values: SettingValues, environment: [String: String]) throws(SettingError) {
    listen = try Self.listenAddress(values)
    backlog = values.integer("backlog")
    socketMode = values.octal("socket-mode")
    fastCGI = FastCGILimits(
      workers: values.integer("workers"), connections: values.integer("max-connections"),
      peerTimeoutMilliseconds: values.milliseconds("peer-timeout"),
      parameterBytes: values.integer("max-parameters-bytes"),
      bodyBytes: values.integer("max-body-bytes"))
    store = try Self.store(values, environment)
    bounds = try Self.bounds(values)
    shutdownTimeoutMilliseconds = values.milliseconds("shutdown-timeout")
    logLevel = Logger.Level(rawValue: values.text("log-level")) ?? .info
    logFormat = LogFormat(values.text("log-format"))
  }

  private static func listenAddress(_ values: SettingValues) throws(SettingError) -> ListenAddress {
    if !values.isGiven("listen"), ListeningSocket.isListening(descriptor: 0) { return .inherited }
    guard let address = ListenAddress(values.text("listen")) else {
      throw SettingError(
        "HOLDFAST_LISTEN: expected a path, host:port or fd:0, got \"\(values.text("listen"))\"")
    }
    return address
  }

  private static func store(_ values: SettingValues, _ environment: [String: String])
    throws(SettingError) -> HoldStoreSettings
  {
    var store = HoldStoreSettings()
    store.conninfo = environment["DATABASE_URL"] ?? ""
    store.committers = values.integer("committers")
    store.overlapAfterMilliseconds = values.milliseconds("overlap-after")
    store.pool = PoolLimits(
      connections: values.integer("pool-size"),
      connectTimeoutMilliseconds: values.milliseconds("connect-timeout"))
    guard store.pool.connections > store.committers else {
      throw SettingError(
        "HOLDFAST_POOL_SIZE: expected more than HOLDFAST_COMMITTERS, which is \(store.committers), "
          + "got \"\(store.pool.connections)\"")
    }
    store.queue = CommitQueueLimits(
      waitingOperations: values.integer("queue-length"),
      waitingMilliseconds: values.milliseconds("queue-wait"),
      batchOperations: values.integer("batch-requests"),
      batchTickets: values.integer("batch-tickets"))
    let requestTimeout = values.milliseconds("request-timeout")
    store.answerTimeoutMilliseconds = max(
      requestTimeout / 2, requestTimeout - answerMarginMilliseconds)
    store.statementTimeoutMilliseconds = values.milliseconds("statement-timeout")
    store.lockTimeoutMilliseconds = values.milliseconds("lock-timeout")
    store.contentionMilliseconds = values.milliseconds("contention-time")
    store.readinessTimeoutMilliseconds = values.milliseconds("ready-timeout")
    store.sweepIntervalMilliseconds = values.milliseconds("sweep-interval")
    store.sweepPages = values.integer("sweep-pages")
    store.longestHoldSeconds = Double(values.milliseconds("max-reserved-time")) / 1000
    return store
  }

  private static func bounds(_ values: SettingValues) throws(SettingError) -> APIBounds {
    let bounds = APIBounds(
      maximumBodyBytes: values.integer("max-body-bytes"),
      maximumTickets: values.integer("max-tickets"),
      maximumTicketIDBytes: values.integer("max-ticket-id-bytes"),
      minimumReservedSeconds: Double(values.milliseconds("min-reserved-time")) / 1000,
      maximumReservedSeconds: Double(values.milliseconds("max-reserved-time")) / 1000,
      minimumHoldIDBytes: values.integer("min-hold-id-bytes"),
      maximumHoldIDBytes: values.integer("max-hold-id-bytes"),
      retryAfterSeconds: (values.milliseconds("retry-after") + 999) / 1000,
      requiresHoldID: values.boolean("require-hold-id"))
    guard bounds.minimumReservedSeconds <= bounds.maximumReservedSeconds else {
      throw SettingError("HOLDFAST_MIN_RESERVED_TIME: expected at most HOLDFAST_MAX_RESERVED_TIME")
    }
    guard bounds.minimumHoldIDBytes <= bounds.maximumHoldIDBytes else {
      throw SettingError("HOLDFAST_MIN_HOLD_ID_BYTES: expected at most HOLDFAST_MAX_HOLD_ID_BYTES")
    }
    return bounds
  }
}
