extension Setting {
  private static let counts = Kind.integer(1...65_536)
  private static let times = Kind.duration(1...3_600_000)

  /// Every setting of `holdfast serve`, in the order in which README and `--help` show them.
  static let table: [Setting] = [
    Setting(
      "listen", .text("a path, host:port or fd:0"), default: "/run/holdfast/holdfast.sock",
      "where to listen; when not given, a listening socket on descriptor 0 is used"),
    Setting(
      "socket-mode", .octal(0...0o777), default: "0660", "permissions of the Unix socket's file"),
    Setting("backlog", counts, default: "1024", "connections that wait to be accepted"),
    Setting(
      "workers", .integer(1...1024), default: "2", "threads that read and decode requests"),
    Setting(
      "max-connections", counts, default: "2048",
      "FastCGI connections open at once; past it silent ones are closed, then idle ones"),
    Setting(
      "peer-timeout", times, default: "5s",
      "time for the web server to send a request, or to take in an answer"),
    Setting("request-timeout", times, default: "5s", "every request is answered within this time"),
    Setting(
      "shutdown-timeout", times, default: "10s", "how long a stop may wait for open connections"),
    Setting("committers", .integer(1...64), default: "2", "threads that commit batches"),
    Setting(
      "overlap-after", .duration(0...60_000), default: "20ms",
      "wait for a commit under way after which another starts beside it"),
    Setting(
      "pool-size", .integer(2...256), default: "5",
      "PostgreSQL connections; three more than committers leave one for each other task"),
    Setting(
      "connect-timeout", times, default: "2s",
      "one attempt to connect to PostgreSQL, shared by its hosts"),
    Setting("statement-timeout", times, default: "2s", "PostgreSQL's statement_timeout"),
    Setting(
      "lock-timeout", .duration(1...60_000), default: "20ms",
      "PostgreSQL's lock_timeout: waiting for another's insert of the same ticket"),
    Setting(
      "contention-time", .duration(0...60_000), default: "500ms",
      "a ticket for which such waits were in vain for so long is refused at once for so long"),
    Setting("ready-timeout", times, default: "1s", "how long /readyz waits for PostgreSQL"),
    Setting(
      "queue-length", counts, default: "1024", "requests that wait for a commit; past it 503"),
    Setting(
      "queue-wait", times, default: "2s",
      "wait for a commit that is to be expected by the pace of the last ones; past it 503 at once"),
    Setting("batch-requests", counts, default: "128", "requests that share a commit"),
    Setting("batch-tickets", counts, default: "1024", "tickets that a shared commit names"),
    Setting(
      "sweep-interval", .duration(0...86_400_000), default: "30s",
      "pause between sweeps of expired rows; 0 for none"),
    Setting("sweep-pages", counts, default: "128", "table pages that one statement sweeps"),
    Setting(
      "max-body-bytes", .integer(256...16_777_216), default: "65536", "request body; past it 413"),
    Setting(
      "max-parameters-bytes", .integer(1024...1_048_576), default: "16384",
      "a request's FastCGI parameters; past it the connection is closed"),
    Setting("max-tickets", .integer(1...10_000), default: "100", "different tickets of a request"),
    Setting("max-ticket-id-bytes", .integer(1...2048), default: "256", "bytes of a ticket id"),
    Setting("min-reserved-time", times, default: "1s", "shortest hold"),
    Setting(
      "max-reserved-time", .duration(1...604_800_000), default: "2h",
      "longest hold, renewals included"),
    Setting("min-hold-id-bytes", .integer(1...1024), default: "16", "shortest hold_id"),
    Setting("max-hold-id-bytes", .integer(1...1024), default: "128", "longest hold_id"),
    Setting(
      "require-hold-id", .boolean, default: "false",
      "refuse locks and releases that carry no hold_id"),
    Setting(
      "retry-after", .duration(1000...3_600_000), default: "1s",
      "the Retry-After of a 503, in whole seconds"),
    Setting(
      "log-level",
      .choice(["trace", "debug", "info", "notice", "warning", "error", "critical"]),
      default: "info", "least level that is logged; debug has a line per request"),
    Setting(
      "log-format", .choice(["auto", "json", "text"]), default: "auto",
      "auto is text on a terminal, else JSON"),
  ]

  /// The table as text, for `--help`.
  static var helpText: String {
    let lines = table.map { setting in
      "  --\(setting.name) <\(setting.expectation)>\n"
        + "      \(setting.environmentName), default \(setting.defaultText): \(setting.purpose)"
    }
    return """
      SETTINGS, each by flag or environment variable:
      \(lines.joined(separator: "\n"))

      DATABASE: DATABASE_URL (a connection URI or key=value string) and libpq's own PGHOST, PGPORT, \
      PGUSER, PGDATABASE, PGPASSWORD, PGSSLMODE, …
      """
  }
}
