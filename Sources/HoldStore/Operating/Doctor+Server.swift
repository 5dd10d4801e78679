internal import Postgres
internal import Threads

extension Doctor {
  private static let oldestVersion = 140_000
  private static let clockToleranceMicroseconds: Int64 = 2_000_000
  private static let oldestFrozen = 1_000_000_000

  /// Version, clock, settings, and what other sessions keep back.
  func examineServer(
    _ connection: PostgresConnection, _ deadline: Instant
  ) throws(PostgresError) -> [Finding] {
    let before = unixMicroseconds()
    let row = try connection.query(
      EmbeddedSQL.doctorServer, [.text(role ?? "")], deadline: deadline)
    let after = unixMicroseconds()
    let settings = Self.settings(row.text(row: 0, column: 6))
    return [
      version(row), clock(Int64(row.integer(row: 0, column: 4)), between: before, and: after),
      connections(settings, row),
    ]
      + durability(settings)
      + replication(settings, standbys: row.integer(row: 0, column: 10))
      + checkpoints(settings)
      + vacuum(row, settings)
  }

  private static func settings(_ text: String) -> [String: String] {
    var values: [String: String] = [:]
    for line in text.split(separator: "\n") {
      let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      if parts.count == 2 { values[String(parts[0])] = String(parts[1]) }
    }
    return values
  }

  private func version(_ row: borrowing PostgresResult) -> Finding {
    let text =
      "PostgreSQL \(row.text(row: 0, column: 0)) on \(row.text(row: 0, column: 2)), "
      + (row.bool(row: 0, column: 3) ? "a standby" : "which takes writes")
    return row.integer(row: 0, column: 1) < Self.oldestVersion
      ? .problem("server", text, advice: "upgrade to PostgreSQL 14 or later")
      : .ok("server", text)
  }

  /// Holds go by the server's clock alone; logs are compared across machines.
  private func clock(_ server: Int64, between before: Int64, and after: Int64) -> Finding {
    let difference = server < before ? server - before : max(0, server - after)
    let milliseconds = difference / 1000
    guard abs(difference) > Self.clockToleranceMicroseconds else {
      return .ok(
        "clock", "the server's clock is this machine's to \(abs(milliseconds)) ms")
    }
    let direction = difference > 0 ? "ahead of" : "behind"
    return .warning(
      "clock",
      "the server's clock is \(abs(milliseconds)) ms \(direction) this machine's",
      advice: "have both synchronize their time (NTP); holds go by the server's clock alone")
  }

  private func connections(
    _ settings: [String: String], _ row: borrowing PostgresResult
  ) -> Finding {
    let reserved = ["superuser_reserved_connections", "reserved_connections"]
      .compactMap { settings[$0].flatMap { Int($0) } }.reduce(0, +)
    var usable = (settings["max_connections"].flatMap { Int($0) } ?? 0) - reserved
    var others = row.integer(row: 0, column: 5)
    var whose = "ordinary roles (max_connections less the reserved ones)"
    var limit = "max_connections"
    for (column, owner) in [(14, "the role"), (16, "the database")] {
      let taken = row.integer(row: 0, column: column + 1)
      guard let most = row.optionalInteger(row: 0, column: column), most - taken < usable - others
      else { continue }
      (usable, others) = (most, taken)
      whose = "\(owner) (its CONNECTION LIMIT)"
      limit = "the CONNECTION LIMIT of \(owner)"
    }
    let each = self.settings.pool.connections + seatMaps.connections
    let needed = each * instances
    let text =
      "\(usable) for \(whose), \(others) taken by others, "
      + "\(needed) wanted by \(instances) instance(s) of \(each)"
    return usable - others < needed
      ? .problem(
        "connections", text,
        advice: "raise \(limit), or lower HOLDFAST_POOL_SIZE or HOLDFAST_SEAT_MAP_READERS")
      : .ok("connections", text)
  }

  private func durability(_ settings: [String: String]) -> [Finding] {
    var findings: [Finding] = []
    if settings["fsync"] == "off" {
      findings.append(
        .problem(
          "durability", "fsync is off: a crash of the machine loses holds and may ruin the data",
          advice: "set fsync = on"))
    }
    if settings["full_page_writes"] == "off" {
      findings.append(
        .problem(
          "durability", "full_page_writes is off: a crash may ruin pages",
          advice: "set full_page_writes = on, unless the file system never tears a write"))
    }
    if settings["synchronous_commit"] == "off" {
      findings.append(
        .warning(
          "durability",
          "synchronous_commit is off: the service turns it on for its own sessions, but a sale by "
            + "another program may be lost in a crash",
          advice: "set synchronous_commit = on"))
    }
    if settings["default_transaction_isolation"] != "read committed" {
      findings.append(
        .warning(
          "isolation",
          "default_transaction_isolation is \(settings["default_transaction_isolation"] ?? "?"): "
            + "the service sets read committed for itself; programs that sell may have to retry",
          advice: "see that programs that sell expect it"))
    }
    return findings.isEmpty
      ? [.ok("durability", "a commit is on disk before it is answered")] : findings
  }

  private func replication(_ settings: [String: String], standbys: Int) -> [Finding] {
    guard let names = settings["synchronous_standby_names"], !names.isEmpty else { return [] }
    return standbys == 0
      ? [
        .problem(
          "replication",
          "synchronous_standby_names is \"\(names)\", and no such standby is connected: commits "
            + "wait for one",
          advice: "start the standby, or take it out of synchronous_standby_names")
      ] : [.ok("replication", "\(standbys) synchronous standby(s) connected")]
  }

  private func checkpoints(_ settings: [String: String]) -> [Finding] {
    let megabytes = settings["max_wal_size"].flatMap { Int($0) } ?? 0
    let seconds = settings["checkpoint_timeout"].flatMap { Int($0) } ?? 0
    let text =
      "max_wal_size \(megabytes) MB, checkpoint_timeout \(seconds) s, wal_compression "
      + (settings["wal_compression"] ?? "?")
    return megabytes < 1024 || seconds < 300
      ? [
        .warning(
          "checkpoints", text + ": each checkpoint makes the next commits write whole pages",
          advice: "set max_wal_size to 1GB or more, and checkpoint_timeout to 5min or more")
      ] : [.ok("checkpoints", text)]
  }

  private func vacuum(
    _ row: borrowing PostgresResult, _ settings: [String: String]
  ) -> [Finding] {
    var findings: [Finding] = []
    if settings["autovacuum"] != "on" || settings["track_counts"] != "on" {
      findings.append(
        .problem(
          "vacuum", "autovacuum is off: dead rows of holds pile up until look-ups are slow",
          advice: "set autovacuum = on and track_counts = on"))
    }
    for (column, what, advice) in [
      (7, "transactions open for more than 5 minutes", "end them (pg_terminate_backend)"),
      (8, "transactions prepared more than 5 minutes ago", "commit or roll them back"),
      (9, "replication slots that nobody reads", "start their readers, or drop them"),
    ] {
      guard let names = row.optionalText(row: 0, column: column) else { continue }
      findings.append(
        .warning("vacuum", "\(what) keep dead rows from being removed: \(names)", advice: advice))
    }
    let age = row.integer(row: 0, column: 11)
    if age > Self.oldestFrozen {
      findings.append(
        .warning(
          "vacuum", "the oldest transaction id is \(age) transactions old of 2 billion",
          advice: "find what keeps autovacuum from freezing rows, and run VACUUM"))
    }
    guard findings.isEmpty else { return findings }
    let scope = row.bool(row: 0, column: 12) ? "" : ", as far as this role may see other sessions"
    return [.ok("vacuum", "nothing keeps dead rows from being removed\(scope)")]
  }
}
