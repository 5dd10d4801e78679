internal import Holds
internal import Postgres
public import Threads

/// Looks at a database from the outside, and says what keeps the service from working well.
///
/// It changes nothing: the one commit that it tries is taken back.
public struct Doctor: Sendable {
  /// The service's settings, as far as they concern the database.
  public var settings: HoldStoreSettings

  /// Its settings for seat maps and lists, which have connections of their own.
  public var seatMaps = SeatMapSettings()

  /// The service's role, whose rights are tried; nil for the one that connects.
  public var role: String?

  /// How many instances of the service share the database.
  public var instances = 1

  /// The time by this machine's clock, in microseconds since 1970.
  public var unixMicroseconds: @Sendable () -> Int64

  /// Looks at the database of these settings.
  public init(
    settings: HoldStoreSettings, unixMicroseconds: @escaping @Sendable () -> Int64
  ) {
    self.settings = settings
    self.unixMicroseconds = unixMicroseconds
  }

  /// Looks at everything, and reports each finding as it is made.
  ///
  /// A server that cannot be reached is a finding, too.
  public func examine(deadline: Instant, report: (Finding) -> Void) {
    let connector = PostgresConnector(conninfo: settings.conninfo)
    examineHosts(connector, deadline: deadline, report: report)
    let connection: PostgresConnection
    do throws(PostgresError) {
      connection = try connector.connect(deadline: deadline)
    } catch {
      return report(
        .problem(
          "connection", error.message,
          advice: "see that the server runs and takes writes, and that DATABASE_URL or PGHOST, "
            + "PGPORT, PGUSER and PGDATABASE name it"))
    }
    for part in [examineServer, examineSchema, examineTables, examineHolds, examineRights] {
      do throws(PostgresError) {
        for finding in try part(connection, deadline) { report(finding) }
      } catch {
        report(
          .problem(
            "examination", error.message, advice: "repeat with a role that may read the tables"))
      }
    }
  }

  /// Tells which of several named servers is the primary.
  private func examineHosts(
    _ connector: PostgresConnector, deadline: Instant, report: (Finding) -> Void
  ) {
    guard connector.hostCount > 1 else { return }
    for index in 0..<connector.hostCount {
      let name = connector.hostName(index)
      let share = Instant.now.milliseconds(until: deadline) / (connector.hostCount - index + 3)
      let end = Instant.now.advanced(
        byMilliseconds: min(share, settings.pool.connectTimeoutMilliseconds))
      do throws(PostgresError) {
        let isStandby = try connector.connect(toHost: index, deadline: end)
          .query("SELECT pg_is_in_recovery()", deadline: end).bool(row: 0, column: 0)
        report(.ok("host", "\(name) is \(isStandby ? "a standby" : "the primary")"))
      } catch {
        report(
          .warning(
            "host", "\(name) does not answer: \(error.message)",
            advice: "start it, or take it out of the list of hosts"))
      }
    }
  }

  /// What the migration would still do is what the schema lacks.
  private func examineSchema(
    _ connection: PostgresConnection, _ deadline: Instant
  ) throws(PostgresError) -> [Finding] {
    var options = Migrator.Options()
    options.isDryRun = true
    options.makesHistoryDays = false
    options.indexesLimits = settings.heldTicketLimit > 0
    // The migration's report is called while it runs, on this thread.
    let lines = Monitor<[String]>([])
    do throws(PostgresError) {
      try Migrator(connection, options: options, deadline: deadline).migrate { line in
        lines.withLock { $0.append(line) }
      }
    } catch {
      guard case .server = error.code else { throw error }
      return [
        .problem(
          "schema", error.message, advice: "change the table, the search_path or the database")
      ]
    }
    var findings: [Finding] = []
    for line in lines.withLock({ $0 }) {
      if line.hasPrefix("would ") {
        findings.append(
          .problem(
            "schema", "not as this version needs it: \(line)",
            advice: "run `holdfast migrate\(options.indexesLimits ? " --limits" : "")`"))
      } else if line.hasPrefix("warning: ") {
        findings.append(
          .warning(
            "schema", String(line.dropFirst("warning: ".count)),
            advice: "see that this is what you want"))
      }
    }
    return findings.isEmpty
      ? [.ok("schema", "tables, indexes and functions are those of this version")] : findings
  }

  /// Does what a commit does and takes it back, as the readiness check of the service.
  private func examineRights(
    _ connection: PostgresConnection, _ deadline: Instant
  ) throws(PostgresError) -> [Finding] {
    let name = role.map { "role \($0)" } ?? "this role"
    do throws(PostgresError) {
      if let role {
        try connection.query(
          "SELECT set_config('role', $1, false)", [.text(role)], deadline: deadline)
      }
      try connection.run(
        script: "\(EmbeddedSQL.session); SET lock_timeout = 1000", deadline: deadline)
      switch try makeCheck().run(on: connection, deadline: deadline) {
      case .ok: return [.ok("rights", "\(name) may do what a commit does")]
      case .refused(let problem):
        return [
          .problem(
            "rights", "a commit by \(name) would be refused: \(problem)",
            advice: "if a right is missing, run `holdfast migrate --grant \(role ?? "ROLE")` "
              + "as the tables' owner")
        ]
      case .unreachable:
        return [.problem("rights", "no answer", advice: "try again")]
      }
    } catch {
      guard case .server = error.code else { throw error }
      return [
        .problem(
          "rights", "\(name): \(error.message)",
          advice: "connect as the service does, or as a superuser with --role")
      ]
    }
  }

  private func makeCheck() -> DatabaseCheck {
    DatabaseCheck(
      strictSales: settings.strictSales, hasConfirms: settings.hasConfirms,
      hasLimit: settings.heldTicketLimit > 0, hasHistory: settings.historyDays > 0
    ) { _ in }
  }
}
