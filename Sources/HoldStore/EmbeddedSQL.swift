/// The SQL files, which are embedded in the binary.
enum EmbeddedSQL {
  static let checkTables = text(PackageResources.check_tables_sql)
  static let choiceRows = statement(PackageResources.choice_rows_sql)
    .filling("live", with: liveHold(now: "clock_timestamp()", longest: "$2"))
  static let commitFunction = text(PackageResources.commit_function_sql)
  static let commitStatement = statement(PackageResources.commit_statement_sql)
  static let commitsTable = text(PackageResources.commits_table_sql)
  static let doctorHolds = statement(PackageResources.doctor_holds_sql)
  static let doctorServer = text(PackageResources.doctor_server_sql)
  static let doctorTables = text(PackageResources.doctor_tables_sql)
  static let dryCommit = text(PackageResources.dry_commit_sql)
  static let dryConfirm = text(PackageResources.dry_confirm_sql)
  static let dryHistory = text(PackageResources.dry_history_sql)
  static let eventSeats = statement(PackageResources.event_seats_sql)
    .filling("live", with: liveHold(now: "d.now", longest: "$4"))
  static let engineFacts = text(PackageResources.engine_facts_sql)
  static let facts = text(PackageResources.facts_sql)
  static let foreignKeys = text(PackageResources.foreign_keys_sql)
  static let grants = text(PackageResources.grants_sql)
  static let history = statement(PackageResources.history_sql)
  static let historyDays = text(PackageResources.history_days_sql)
  static let historyTable = text(PackageResources.history_table_sql)
  static let holdKeyColumn = text(PackageResources.hold_key_column_sql)
  static let holds = statement(PackageResources.holds_sql)
    .filling("live", with: liveHold(now: "n.now", longest: "$4"))
  static let holdsTable = text(PackageResources.holds_table_sql)
  static let keyedFunction = text(PackageResources.keyed_function_sql)
  static let keyedVersion = text(PackageResources.keyed_version_sql)
  private static let liveHold = statement(PackageResources.live_hold_sql)
  static let lookForEvents = statement(PackageResources.look_for_events_sql)
  static let lookUp = statement(PackageResources.look_up_sql)
  static let missingHistoryDays = statement(PackageResources.missing_history_days_sql)
  static let operatingFacts = statement(PackageResources.operating_facts_sql)
  static let plproxyFunction = text(PackageResources.plproxy_function_sql)
  static let previousFunction = text(PackageResources.previous_function_sql)
  static let purge = statement(PackageResources.purge_sql)
  static let readingSession = text(PackageResources.reading_session_sql)
  static let release = statement(PackageResources.release_sql)
  static let salesTable = text(PackageResources.sales_table_sql)
  static let seatLayout = statement(PackageResources.seat_layout_sql)
  static let seatStates = statement(PackageResources.seat_states_sql)
  static let secretTable = text(PackageResources.secret_table_sql)
  static let session = text(PackageResources.session_sql)
  static let sweep = statement(PackageResources.sweep_sql)
    .filling("live", with: liveHold(now: "clock_timestamp()", longest: "$3"))
  static let ticketColumns = statement(PackageResources.ticket_columns_sql)
  static let ticketList = statement(PackageResources.ticket_list_sql)
  static let ticketsTable = text(PackageResources.tickets_table_sql)
  private static let writerGrant = text(PackageResources.writer_grant_sql)

  /// Grants a right, such as `SELECT ON holdfast_secret`, to whoever may write holds.
  static func grantToWriters(_ right: String) -> String {
    writerGrant.filling("right", with: right)
  }

  /// Whether the hold in the row `b` is live at that time; `longest` is the parameter for the longest hold.
  static func liveHold(now: String, longest: String) -> String {
    liveHold.filling("now", with: now).filling("longest", with: longest)
  }

  /// Without the comment in front, so that `pg_stat_activity` shows what it is.
  private static func statement(_ bytes: [UInt8]) -> String {
    let lines = text(bytes).split(separator: "\n").drop { $0.hasPrefix("--") }
    return lines.joined(separator: "\n")
  }

  private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}

extension String {
  /// Fills in `{name}` wherever it stands.
  func filling(_ name: String, with text: String) -> String { replacing("{\(name)}", with: text) }
}
