/// The functions as SQL: on the server of a key, and for PL/Proxy in front of these.
extension KeyedFunction {
  /// All that the service calls.
  static let all: [KeyedFunction] = [
    commit, lookUp, purge, ping, choiceRows, eventSeats, lookForEvents, seatStates, seatLayout,
    ticketList, ticketListSales, sweepPages, sweep,
  ]

  /// The history's, which each server has anyway, in front.
  private static let historyDays = "holdfast_history_days"

  static var namesOnServer: [String?] { all.map(\.name) }
  static var namesInFront: [String?] { namesOnServer + [historyDays] }

  /// A plan must not depend on the statistics of holds, as in the service's own sessions.
  private static let committing = ["plan_cache_mode = force_generic_plan"]
  private static let choosing = ["enable_seqscan = off", "enable_material = off", "jit = off"]
  private static let reading = [
    "plan_cache_mode = force_custom_plan", "jit = off", "timezone = 'UTC'", "work_mem = '16MB'",
  ]

  /// The functions on a server of keys, whose table of tickets has these columns.
  static func onServer(_ columns: TicketColumns) -> String {
    [
      commit.definition(EmbeddedSQL.commitStatement, committing),
      lookUp.definition(EmbeddedSQL.lookUp, committing),
      purge.definition(EmbeddedSQL.purge + "\nRETURNING batch", committing),
      ping.definition("SELECT 1", []),
      choiceRows.definition(EmbeddedSQL.choiceRows, choosing),
      eventSeats.definition(columns.eventSeats, choosing),
      lookForEvents.definition(columns.lookForEvents, reading),
      seatStates.definition(columns.seatStates, reading),
      seatLayout.definition(columns.seatLayout, reading),
      ticketList.definition(columns.ticketList(showsSales: false), reading),
      ticketListSales.definition(columns.ticketList(showsSales: true), reading),
      sweepPages.definition(Sweeper.pages, []),
      sweep.definition(EmbeddedSQL.sweep, committing),
    ].joined()
  }

  private func definition(_ statement: String, _ settings: [String]) -> String {
    EmbeddedSQL.keyedFunction
      .filling("name", with: name)
      .filling("parameters", with: parameters)
      .filling("columns", with: columns)
      .filling("settings", with: settings.map { "SET \($0)" }.joined(separator: "\n"))
      .filling("statement", with: statement)
  }

  /// The functions of PL/Proxy that take calls there.
  static func inFront() -> String {
    let days = EmbeddedSQL.plproxyFunction
      .filling("name", with: historyDays)
      .filling("parameters", with: "p_days int")
      .filling("result", with: "SETOF int")
      .filling("place", with: "RUN ON ALL")
    return all.map(\.proxyDefinition).joined() + days
  }

  private var proxyDefinition: String {
    let place =
      switch self.place {
      case .key(let parameter): "RUN ON hashtext(\(parameter))"
      case .keys(let parameter): "SPLIT \(parameter);\n  RUN ON hashtext(\(parameter))"
      case .everywhere: "RUN ON ALL"
      }
    return EmbeddedSQL.plproxyFunction
      .filling("name", with: name)
      .filling("parameters", with: parameters)
      .filling("result", with: "TABLE (\(columns))")
      .filling("place", with: place)
  }
}
