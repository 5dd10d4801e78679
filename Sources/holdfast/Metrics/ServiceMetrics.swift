internal import FastCGI
internal import HoldStore
internal import Holds
internal import Threads

/// What is counted while the service runs.
///
/// A label is never a ticket, an event, a client, a hold or a shopper.
final class ServiceMetrics: Sendable {
  private let ticketsGranted: Counter
  private let ticketsSold: Counter
  private let refusals: [Refusal: Counter]
  private let expiredHolds: Counter
  private let commitDurations: Histogram
  private let commitOperations: Histogram
  private let queueWaits: Histogram
  private let deferrals: Counter
  private let retries: Counter
  private let failedCommits: [HoldStoreEvent.Consequence: Counter]
  private let resolutions: [HoldStoreEvent.Resolution: Counter]
  private let connectFailures: Counter
  private let sweepFailures: Counter
  private let registry: Monitor<MetricsRegistry>

  init(version: String) {
    var registry = MetricsRegistry()
    registry.gauge("holdfast_build_info", "Always 1; the label is the version that runs.") {
      [([("version", version)], 1)]
    }
    ticketsGranted = registry.counter(
      "holdfast_tickets_granted_total", "Tickets that were held, renewals included.")
    ticketsSold = registry.counter("holdfast_tickets_sold_total", "Tickets that were confirmed.")
    refusals = registry.counters(
      "holdfast_refusals_total",
      "Requests that the store refused or that failed, once under each of their different reasons.",
      by: "reason", Refusal.self)
    expiredHolds = registry.counter(
      "holdfast_expired_holds_removed_total", "Expired holds that this instance deleted.")
    commitDurations = registry.histogram(
      "holdfast_commit_duration_seconds", "Time of the commits that succeeded.", .ofTimes())
    commitOperations = registry.histogram(
      "holdfast_commit_operations", "Operations that shared a commit.",
      Histogram(bounds: (0...10).map { 1 << $0 }))
    queueWaits = registry.histogram(
      "holdfast_queue_wait_seconds", "Time from an operation's arrival to its first commit.",
      .ofTimes())
    deferrals = registry.counter(
      "holdfast_deferred_operations_total",
      "Operations that were put off, because another session had locked a row.")
    retries = registry.counter(
      "holdfast_retried_operations_total", "Operations that ran again after their commit failed.")
    failedCommits = registry.counters(
      "holdfast_failed_commits_total", "Commits that failed, by what was done about it.",
      by: "consequence", HoldStoreEvent.Consequence.self)
    resolutions = registry.counters(
      "holdfast_batch_resolutions_total",
      "Commits that were looked up after a lost connection, by what had become of them.",
      by: "result", HoldStoreEvent.Resolution.self)
    connectFailures = registry.counter(
      "holdfast_connect_failures_total", "Attempts to connect to PostgreSQL that failed.")
    sweepFailures = registry.counter(
      "holdfast_sweep_failures_total", "Sweeps of expired holds that failed.")
    registry.addProcess()
    self.registry = Monitor(registry)
  }

  /// Everything in Prometheus' text format.
  func text() -> [UInt8] {
    // Outside the lock: what is asked for may take locks of its own.
    let registry = registry.withLock { $0 }
    var text = MetricsText()
    registry.write(to: &text)
    return Array(text.text.utf8)
  }

  /// Counts what has happened in the store.
  func count(_ event: HoldStoreEvent) {
    switch event {
    case .answered(let operation, let outcome): count(outcome, of: operation)
    case .begun(let waits): for wait in waits { queueWaits.observe(wait * 1000) }
    case .committed(let operations, let microseconds):
      commitDurations.observe(microseconds * 1000)
      commitOperations.observe(operations)
    case .deferred(let operations): deferrals.add(operations)
    case .batchFailed(_, let operations, let consequence):
      failedCommits[consequence]?.add()
      if consequence == .retried || consequence == .divided { retries.add(operations) }
    case .batchResolved(let resolution, let operations):
      resolutions[resolution]?.add()
      if resolution == .rerun { retries.add(operations) }
    case .connectFailed: connectFailures.add()
    case .swept(let result): expiredHolds.add(result.rows)
    case .sweepFailed: sweepFailures.add()
    default: break
    }
  }

  private func count(_ outcome: HoldOutcome, of operation: HoldOperation) {
    switch outcome {
    case .granted: ticketsGranted.add(operation.ticketIDs.count)
    case .chosen(let ticketIDs, _): ticketsGranted.add(ticketIDs.count)
    case .sold: ticketsSold.add(operation.ticketIDs.count)
    default: for reason in Refusal.all(in: outcome) { refusals[reason]?.add() }
    }
  }

  /// Adds counts of the answers, by endpoint.
  func addRequests(paths: [String]) -> RequestMetrics {
    let requests = RequestMetrics(paths: paths)
    registry.withLock { registry in
      registry.family {
        requests.writeCounts("holdfast_requests_total", "Requests that were answered.", to: &$0)
      }
      registry.family {
        requests.writeDurations(
          "holdfast_request_duration_seconds",
          "Time from having read a request to having its answer ready to send.", to: &$0)
      }
    }
    return requests
  }

  /// Adds what the log's writer knows by itself.
  func add(_ log: LogWriter) {
    registry.withLock { registry in
      registry.gauge(
        "holdfast_log_lines_lost_total",
        "Lines of the log that were lost, because its reader did not keep up.", type: "counter"
      ) { [([], Double(log.lost.value))] }
    }
  }

  /// Adds what the store knows by itself.
  func add(_ store: HoldStore) {
    registry.withLock { registry in
      registry.gauge("holdfast_queue_length", "Operations that wait for a commit.") {
        [([], Double(store.snapshot().waitingOperations))]
      }
      registry.gauge("holdfast_queue_limit", "Operations that may wait for a commit.") {
        [([], Double(store.snapshot().waitingOperationsLimit))]
      }
      registry.gauge("holdfast_pool_connections", "Connections to PostgreSQL, by state.") {
        let pool = store.snapshot().pool
        return [
          ([("state", "idle")], Double(pool.idle)), ([("state", "busy")], Double(pool.busy)),
          ([("state", "opening")], Double(pool.opening)),
        ]
      }
      registry.gauge(
        "holdfast_live_holds",
        "Live holds in the table, as this instance's last sweep counted them."
      ) { store.snapshot().liveHolds.map { [([], Double($0))] } ?? [] }
      registry.gauge(
        "holdfast_sweep_age_seconds",
        "Time since the last sweep that succeeded, or since the start; left out if sweeps are off."
      ) { store.snapshot().sweepAgeSeconds.map { [([], $0)] } ?? [] }
    }
  }

  /// Adds what the FastCGI server knows by itself.
  func add(_ server: FastCGIServer, connectionLimit: Int) {
    registry.withLock { registry in
      registry.gauge("holdfast_fastcgi_connections", "Connections from the web server, by state.") {
        let counts = server.connectionCounts
        return [
          ([("state", "idle")], Double(counts.idle)),
          ([("state", "waiting")], Double(counts.waiting)),
          ([("state", "busy")], Double(counts.busy)),
        ]
      }
      registry.gauge("holdfast_fastcgi_connections_limit", "Connections that may be open.") {
        [([], Double(connectionLimit))]
      }
    }
  }
}
