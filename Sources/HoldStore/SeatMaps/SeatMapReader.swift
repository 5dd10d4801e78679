internal import Holds
internal import Postgres
internal import Threads

/// Reads events from the database, and makes the answers of what it has read.
struct SeatMapReader: Sendable {
  /// What a read or a look may end with, besides its result.
  enum Problem: Error {
    case columnMissing(String)
    case database(PostgresError)

    var failure: ReadFailure {
      switch self {
      case .columnMissing(let name): .columnMissing(name)
      case .database(let error): error.readFailure
      }
    }
  }

  let longestHoldSeconds: Double

  /// Whether the tickets are behind an engine.
  let isSharded: Bool

  /// The columns of the table, as they were last read.
  let columns: Monitor<TicketColumns?> = Monitor(nil)

  init(longestHoldSeconds: Double, isSharded: Bool = false) {
    self.longestHoldSeconds = longestHoldSeconds
    self.isSharded = isSharded
  }

  /// Finds out which of these events exist.
  func look(
    for eventIDs: [EventID], on connection: PostgresConnection, deadline: Instant
  ) throws(Problem) -> Set<EventID> {
    try withColumns(on: connection, deadline: deadline) { columns throws(Problem) in
      let possible = eventIDs.filter { columns.canHold($0) }
      guard !possible.isEmpty else { return [] }
      let result = try ask {
        () throws(PostgresError) in
        try connection.query(
          columns.lookForEvents, [.textArray(possible.map(\.text))], deadline: deadline)
      }
      return Set((0..<result.rowCount).map { EventID(result.text(row: $0, column: 0)) })
    }
  }

  /// Reads an event's availability, and with `withLayout` its layout too; nil if it has no tickets.
  ///
  /// It is one statement in either case.
  func read(
    _ eventID: EventID, withLayout: Bool, on connection: PostgresConnection, deadline: Instant
  ) throws(Problem) -> SeatMapSnapshot? {
    try withColumns(on: connection, deadline: deadline) { columns throws(Problem) in
      guard columns.canHold(eventID) else { return nil }
      return withLayout
        ? try readLayout(eventID, columns, on: connection, deadline: deadline)
        : try readStates(eventID, columns, on: connection, deadline: deadline)
    }
  }

  private func readStates(
    _ eventID: EventID, _ columns: TicketColumns, on connection: PostgresConnection,
    deadline: Instant
  ) throws(Problem) -> SeatMapSnapshot? {
    let result = try ask {
      () throws(PostgresError) in
      try connection.query(
        columns.seatStates,
        [.text(eventID.text), .textArray(TicketColumns.names), .double(longestHoldSeconds)],
        deadline: deadline)
    }
    if result.optionalText(row: 0, column: 4) != columns.fingerprint {
      self.columns.withLock { $0 = nil }
    }
    let count = result.integer(row: 0, column: 1)
    guard count > 0 else { return nil }
    var states: [UInt8] = []
    result.appendText(row: 0, column: 2, to: &states)
    let layoutID = SeatMapDocuments.layoutID(
      tickets: count, hashes: result.text(row: 0, column: 3))
    return SeatMapSnapshot(
      layoutID: layoutID,
      availability: SeatMapDocuments.availability(
        layoutID: layoutID, eventJSON: result.text(row: 0, column: 0), states: states))
  }

  private func readLayout(
    _ eventID: EventID, _ columns: TicketColumns, on connection: PostgresConnection,
    deadline: Instant
  ) throws(Problem) -> SeatMapSnapshot? {
    var document = SeatMapDocuments.Layout()
    var states: [UInt8] = []
    var eventJSON = ""
    var row: [UInt8] = []
    try ask {
      () throws(PostgresError) in
      try connection.stream(
        columns.seatLayout, [.text(eventID.text), .double(longestHoldSeconds)], deadline: deadline
      ) { result in
        if states.isEmpty {
          eventJSON = result.text(row: 0, column: 2)
          document.begin(
            layoutID: SeatMapDocuments.layoutID(
              tickets: result.integer(row: 0, column: 3), hashes: result.text(row: 0, column: 4)),
            eventJSON: eventJSON)
        }
        row.removeAll(keepingCapacity: true)
        result.appendText(row: 0, column: 0, to: &row)
        document.append(ticket: row)
        result.appendText(row: 0, column: 1, to: &states)
      }
    }
    guard !states.isEmpty else { return nil }
    let layoutID = document.layoutID
    return SeatMapSnapshot(
      layoutID: layoutID,
      availability: SeatMapDocuments.availability(
        layoutID: layoutID, eventJSON: eventJSON, states: states),
      layout: document.finish())
  }

  /// Reads an event's tickets as a JSON array, in pieces; nil if it has none.
  func list(
    _ eventID: EventID, showsSales: Bool, pieceBytes: Int, on connection: PostgresConnection,
    deadline: Instant
  ) throws(Problem) -> [[UInt8]]? {
    let columns = try readColumns(on: connection, deadline: deadline)
    guard columns.canHold(eventID) else { return nil }
    var pieces: [[UInt8]] = []
    var piece: [UInt8] = []
    try ask {
      () throws(PostgresError) in
      try connection.stream(
        columns.ticketList(showsSales: showsSales),
        [.text(eventID.text), .double(longestHoldSeconds)], deadline: deadline
      ) { result in
        if piece.isEmpty { piece.reserveCapacity(pieceBytes + 4096) }
        piece.append(UInt8(ascii: pieces.isEmpty && piece.isEmpty ? "[" : ","))
        result.appendText(row: 0, column: 0, to: &piece)
        guard piece.count >= pieceBytes else { return }
        pieces.append(piece)
        piece = []
      }
    }
    guard !pieces.isEmpty || !piece.isEmpty else { return nil }
    piece.append(UInt8(ascii: "]"))
    return pieces + [piece]
  }

  /// Asks by the columns as they were last read; and once more, if they are others by now, when the
  /// server finds the question wrong.
  private func withColumns<Value>(
    on connection: PostgresConnection, deadline: Instant,
    _ question: (TicketColumns) throws(Problem) -> Value
  ) throws(Problem) -> Value {
    guard let known = columns.withLock({ $0 }), known.missing == nil else {
      return try question(readColumns(on: connection, deadline: deadline))
    }
    do throws(Problem) {
      return try question(known)
    } catch {
      guard case .database(let refusal) = error, case .server(let state) = refusal.code,
        state.isSyntaxErrorOrAccessRuleViolation
      else { throw error }
      let read = try readColumns(on: connection, deadline: deadline)
      guard read.fingerprint != known.fingerprint else { throw error }
      return try question(read)
    }
  }

  /// Reads the catalogue anew.
  func readColumns(
    on connection: PostgresConnection, deadline: Instant
  ) throws(Problem) -> TicketColumns {
    let read = try ask { () throws(PostgresError) in
      isSharded ? .sharded : try TicketColumns.read(on: connection, deadline: deadline)
    }
    columns.withLock { $0 = read }
    if let missing = read.missing { throw .columnMissing(missing) }
    return read
  }

  /// Asks the server; after an error the columns are read anew, as it may be about one that has gone.
  private func ask<Value>(_ question: () throws(PostgresError) -> Value) throws(Problem) -> Value {
    do throws(PostgresError) {
      return try question()
    } catch {
      columns.withLock { $0 = nil }
      throw .database(error)
    }
  }
}
