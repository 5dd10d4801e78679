public import Holds
public import Postgres
public import Threads

/// Brings the schema up to date: looks at what the database has, and makes what is missing.
///
/// Safe to repeat, and to run from several places at once. Tables are looked for in the whole
/// `search_path`; an existing one is adopted as it is, as far as it can be used. No step keeps a lock
/// on an existing table for long: an index is built concurrently, and a step that does not get its lock
/// soon is tried again.
public struct Migrator: Sendable {
  /// What to do besides.
  public struct Options: Sendable {
    /// Only tells what would be done.
    public var isDryRun = false

    /// Creates tables even if a schema outside the `search_path` has tables of these names.
    public var createsTables = false

    /// Builds the index on the tickets' events that lists and seat maps need, if there is none.
    public var createsEventIndex = false

    /// A role that is granted what the service needs.
    public var grantee: String?

    /// Whether that role is granted the right to lock tickets, for strict sales.
    public var grantsStrictSales = true

    /// Whether that role is granted the right to sell tickets, for confirms.
    public var grantsConfirms = false

    /// Whether the indexes are made by which a limit by shopper counts: each costs every hold some time,
    /// also those that it does not contain.
    public var indexesLimits = false

    /// Whether the history's next days are made; the doctor looks for them by itself.
    var makesHistoryDays = true

    /// How a ticket's key is taken from its id, where an engine is to find this server by it; nil where
    /// the tables are not sharded.
    public var shardKey: ShardKey?

    /// The defaults: do it, and grant nothing.
    public init() {}
  }

  /// Held by one migration at a time; an arbitrary number, the same everywhere.
  private static let advisoryLock = "5224316478214"

  /// Whoever waits for a table's lock makes all behind it wait too.
  static let lockTimeoutMilliseconds = 1000

  static let migrationPollMilliseconds = 50

  /// Rows live for minutes, so dead ones pile up as fast as holds are placed: vacuum after a fixed
  /// number of them, not after a share of a table that may hold a million rows, and without pauses. It
  /// does not truncate the table, for which it would lock everybody out.
  ///
  /// There is no index on `locked_up`: each hold would pay for it, and only the sweep, which reads the
  /// table in order anyway, would use it.
  private static let holdsOptions = [
    ("autovacuum_vacuum_scale_factor", "0"), ("autovacuum_vacuum_threshold", "20000"),
    ("autovacuum_vacuum_insert_scale_factor", "0"),
    ("autovacuum_vacuum_insert_threshold", "200000"),
    ("autovacuum_analyze_scale_factor", "0"), ("autovacuum_analyze_threshold", "200000"),
    ("autovacuum_vacuum_cost_delay", "0"), ("vacuum_truncate", "false"),
  ]

  let connection: PostgresConnection
  let deadline: Instant
  let options: Options

  /// Migrates the database that `connection` is on, until `deadline`.
  public init(_ connection: PostgresConnection, options: Options = Options(), deadline: Instant) {
    self.connection = connection
    self.options = options
    self.deadline = deadline
  }

  /// Makes what is missing.
  ///
  /// - Parameter report: Told of each change as it is made, and of what was found, in one line each.
  /// - Returns: How many changes were made, or would be.
  /// - Throws: The server's error; the step that failed has changed nothing.
  @discardableResult
  public func migrate(report: @escaping (String) -> Void = { _ in }) throws(PostgresError) -> Int {
    try connection.run(
      script: """
        SET client_min_messages = warning;
        SET lock_timeout = \(Self.lockTimeoutMilliseconds);
        """, deadline: deadline)
    try waitForOthers()
    defer {
      try? connection.run(
        script: "SELECT pg_advisory_unlock(\(Self.advisoryLock))", deadline: deadline)
    }
    try connection.run(
      script: EmbeddedSQL.checkTables.filling("creates_tables", with: "\(options.createsTables)"),
      deadline: deadline)
    var changes = MigrationChanges(isDryRun: options.isDryRun, report: report)
    try migrateTables(&changes)
    try migrateEvents(&changes)
    try migrateHolds(&changes)
    try migrateFunction(&changes)
    if let shardKey = options.shardKey { try migrateKeyed(shardKey, &changes) }
    if let grantee = options.grantee { try grant(to: grantee, &changes) }
    if options.makesHistoryDays { try migrateHistoryDays(&changes) }
    return changes.count
  }

  /// Waits until no other migration is under way; without a transaction, for which an index that is
  /// built concurrently would wait in turn.
  private func waitForOthers() throws(PostgresError) {
    while true {
      let isAlone = try connection.query(
        "SELECT pg_try_advisory_lock(\(Self.advisoryLock))", deadline: deadline
      ).bool(row: 0, column: 0)
      if isAlone { return }
      Instant.now.advanced(byMilliseconds: Self.migrationPollMilliseconds).sleep()
    }
  }

  private func migrateTables(_ changes: inout MigrationChanges) throws(PostgresError) {
    let facts = try readFacts()
    for (name, found, sql, writersMay) in [
      ("tickets", facts.tickets, EmbeddedSQL.ticketsTable, nil),
      ("tickets_blocked", facts.holds, EmbeddedSQL.holdsTable, nil),
      (
        "holdfast_commits", facts.commits, EmbeddedSQL.commitsTable,
        "SELECT, INSERT, UPDATE, DELETE"
      ),
      ("holdfast_sales", facts.sales, EmbeddedSQL.salesTable, nil),
      ("holdfast_secret", facts.secret, EmbeddedSQL.secretTable, "SELECT"),
      ("holdfast_history", facts.history, EmbeddedSQL.historyTable, "SELECT, INSERT"),
    ] {
      if !found.isEmpty {
        changes.note("found table \(found)")
      } else if changes.begin("create table \(name)") {
        let sql = sql.filling("collation", with: facts.ticketCollation)
        try run(sql + (writersMay.map { EmbeddedSQL.grantToWriters("\($0) ON \(name)") } ?? ""))
      }
    }
  }

  /// Adds to an adopted table of holds what it lacks.
  private func migrateHolds(_ changes: inout MigrationChanges) throws(PostgresError) {
    var facts = try readFacts()
    guard !facts.holds.isEmpty else { return }
    if !facts.hasHoldKey, changes.begin("add column \(facts.holds).hold_key") {
      try run(EmbeddedSQL.holdKeyColumn)
    }
    if !facts.hasMarks, changes.begin("add columns \(facts.holds).shopper_key, choice_key") {
      try run(
        """
        ALTER TABLE tickets_blocked ADD COLUMN IF NOT EXISTS shopper_key bytea,
                                    ADD COLUMN IF NOT EXISTS choice_key bytea
        """)
    }
    if !facts.hasUniqueIndex,
      changes.begin("create a unique index on \(facts.holds) (ticket_id), concurrently")
    {
      try createUniqueIndex(&changes)
    }
    for column in facts.missingIndexes
    where (options.indexesLimits || column == "choice_key")
      && changes.begin("create an index on \(facts.holds) (\(column)), concurrently")
    {
      try createIndex(on: column)
    }
    facts = try readFacts()
    if !facts.options.isEmpty, changes.begin("set on \(facts.holds): \(facts.options)") {
      try run("ALTER TABLE \(facts.holds) SET (\(facts.options))")
    }
    noteForeignKeys(facts, changes)
  }

  /// What the owner's foreign keys do when a hold is made or deleted.
  private func noteForeignKeys(_ facts: MigrationFacts, _ changes: MigrationChanges) {
    if !facts.cascades.isEmpty {
      changes.note("warning: a release deletes rows of \(facts.cascades), by ON DELETE CASCADE")
    }
    if !facts.keepers.isEmpty {
      changes.note(
        "warning: a hold that a row of \(facts.keepers) names is neither released, sold nor swept, by "
          + "its foreign key: such requests fail")
    }
    if !facts.resetters.isEmpty {
      changes.note(
        "warning: a release sets the hold in rows of \(facts.resetters) to NULL or its default, by its "
          + "foreign key")
    }
    if facts.hasTicketKey {
      changes.note(
        "\(facts.holds) has a foreign key to \(facts.tickets): a lock waits for a session that has "
          + "locked a ticket FOR UPDATE, up to HOLDFAST_LOCK_TIMEOUT")
    }
  }

  private func migrateFunction(_ changes: inout MigrationChanges) throws(PostgresError) {
    let facts = try readFacts()
    guard !facts.tickets.isEmpty, !facts.holds.isEmpty else {
      _ = changes.begin("create function holdfast_commit")
      return
    }
    var schemas: [String] = []
    for schema in [
      facts.ticketsSchema, facts.holdsSchema, facts.salesSchema, facts.historySchema,
    ] where !schemas.contains(schema) {
      schemas.append(schema)
    }
    let path = schemas.map(Self.quoted) + ["pg_temp"]
    let previous = facts.previousVersion.isEmpty ? "" : EmbeddedSQL.previousFunction
    let mayMakeDays = EmbeddedSQL.grantToWriters("EXECUTE ON FUNCTION holdfast_history_days(int)")
    let sql = (EmbeddedSQL.commitFunction + previous + EmbeddedSQL.historyDays + mayMakeDays)
      .filling("search_path", with: path.joined(separator: ", "))
      .filling("history_path", with: "\(Self.quoted(facts.historySchema)), pg_temp")
      .filling("withheld", with: facts.hasStatusOffline ? "t.status_offline" : "false")
      .filling("touched", with: facts.hasDateUpdated ? ", date_updated = v_now" : "")
    let version = try connection.query("SELECT md5($1::text)", [.text(sql)], deadline: deadline)
      .text(row: 0, column: 0)
    guard facts.functionVersion != version || facts.hasOldFunction else { return }
    let verb = facts.functionVersion.isEmpty ? "create" : "replace"
    guard changes.begin("\(verb) function holdfast_commit") else { return }
    try run(
      """
      DROP FUNCTION IF EXISTS holdfast_commit(
        text[], int[], text[], int[], int[], float8[], int[], int[], float8);
      DROP FUNCTION IF EXISTS holdfast_commit(
        text[], int[], text[], int[], int[], float8[], int[], int[], float8, boolean,
        int, text[], int[], text[], int[], text[], int[], text[]);
      \(sql);
      SELECT holdfast_history_days(0);
      COMMENT ON FUNCTION holdfast_commit(
        text[], int[], bytea[], int[], int[], float8[], int[], int[], float8, boolean,
        int, text[], int[], bytea[], int[], text[], int[], text[]) IS '\(version)';
      """)
  }

  static func quoted(_ name: String) -> String {
    "\"\(name.replacing("\"", with: "\"\""))\""
  }

  private func grant(to role: String, _ changes: inout MigrationChanges) throws(PostgresError) {
    let rights =
      (options.grantsStrictSales ? "strict sales included" : "without strict sales")
      + (options.grantsConfirms ? ", confirms included" : "")
    guard changes.begin("grant \(role) what the service needs, \(rights)") else { return }
    try run(
      EmbeddedSQL.grants
        .filling("role", with: "'\(role.replacing("'", with: "''"))'")
        .filling("strict", with: "\(options.grantsStrictSales)")
        .filling("confirm", with: "\(options.grantsConfirms)"))
  }

  /// Runs a step as one transaction; one that does not get its lock is tried again until the deadline.
  private func run(_ sql: String) throws(PostgresError) {
    while true {
      do throws(PostgresError) {
        return try connection.run(script: sql, deadline: deadline)
      } catch {
        guard error.code == .server(.lockNotAvailable), Instant.now < deadline else { throw error }
        Instant.now.advanced(byMilliseconds: Self.lockTimeoutMilliseconds).sleep()
      }
    }
  }

  func readFacts() throws(PostgresError) -> MigrationFacts {
    let options = Self.holdsOptions.map { "('\($0.0)', '\($0.1)')" }.joined(separator: ", ")
    return MigrationFacts(
      try connection.query(
        EmbeddedSQL.facts.filling("holds_options", with: options), deadline: deadline))
  }
}
