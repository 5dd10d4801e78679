internal import Holds
internal import Postgres
internal import Threads

/// An event's seats as the database has them.
struct SeatLook {
  /// The plan must not rest on what statistics say of the holds, whose table swings between empty and
  /// full: without an index each seat would cost a scan of it.
  private static let start = """
    BEGIN READ ONLY;
    SET LOCAL enable_seqscan = off;
    SET LOCAL enable_material = off;
    SET LOCAL jit = off;
    """

  /// The end of a hold that never ends.
  private static let never: Int64 = .max - 1

  /// The seats in no order, each with what is known of it.
  private(set) var seats: [Seat] = []
  private(set) var states: [SeatBook.State] = []
  private(set) var holders: [SeatBook.Holder] = []

  /// The database's clock, in microseconds since 1970; nil without seats.
  private(set) var readAt: Int64?

  /// Reads an event's seats.
  ///
  /// - Parameter limit: How many at most.
  init(
    at event: String, limit: Int, longestHoldSeconds: Double, isSharded: Bool = false,
    on connection: PostgresConnection, deadline: Instant
  ) throws(PostgresError) {
    let columns = try Self.columns(isSharded, on: connection, deadline: deadline)
    guard columns.canHold(EventID(event)) else { return }
    var read = self
    try Self.run(
      columns.eventSeats,
      [.text(event), .int64(Self.never), .int64(Int64(limit)), .double(longestHoldSeconds)],
      on: connection, deadline: deadline
    ) { read.read($0) }
    self = read
  }

  /// Which of these events have seats.
  static func events(
    _ events: [String], isSharded: Bool, on connection: PostgresConnection, deadline: Instant
  ) throws(PostgresError) -> [String] {
    let columns = try columns(isSharded, on: connection, deadline: deadline)
    let possible = events.filter { columns.canHold(EventID($0)) }
    guard !possible.isEmpty else { return [] }
    var found: [String] = []
    try run(
      columns.lookForEvents, [.textArray(possible)], on: connection, deadline: deadline
    ) { result in
      found = (0..<result.rowCount).map { result.text(row: $0, column: 0) }
    }
    return found
  }

  /// The table's columns, read anew: a look is rare, and a column may have been added since.
  private static func columns(
    _ isSharded: Bool, on connection: PostgresConnection, deadline: Instant
  ) throws(PostgresError) -> TicketColumns {
    isSharded ? .sharded : try TicketColumns.read(on: connection, deadline: deadline)
  }

  private static func run(
    _ sql: String, _ parameters: [PostgresParameter],
    on connection: PostgresConnection, deadline: Instant,
    reading read: (borrowing PostgresResult) -> Void
  ) throws(PostgresError) {
    do throws(PostgresError) {
      try connection.run(script: start, deadline: deadline)
      read(try connection.query(sql, parameters, deadline: deadline))
    } catch {
      if connection.isUsable { try connection.run(script: "ROLLBACK", deadline: deadline) }
      throw error
    }
    try connection.run(script: "COMMIT", deadline: deadline)
  }

  private mutating func read(_ result: borrowing PostgresResult) {
    let count = result.rowCount
    seats.reserveCapacity(count)
    states.reserveCapacity(count)
    holders.reserveCapacity(count)
    for row in 0..<count {
      seats.append(
        Seat(
          ticketID: result.text(row: row, column: 0),
          zone: result.optionalText(row: row, column: 1),
          row: result.optionalText(row: row, column: 2),
          number: result.optionalText(row: row, column: 3)))
      switch result.integer(row: row, column: 4) {
      case 0: states.append(.free)
      case -1: states.append(.taken)
      case let end: states.append(.held(until: Int64(end)))
      }
      holders.append(result.bool(row: row, column: 5) ? .anonymous : .nobodyKnows)
    }
    if count > 0 { readAt = Int64(result.integer(row: 0, column: 6)) }
  }

  /// A book of what was read; of the same plan as before unless the layout has changed.
  func book(before plan: SeatPlan?) -> SeatBook {
    let digest = seats.reduce(0) { $0 &+ SeatPlan.digest(of: $1) }
    let plan = plan.flatMap { $0.digest == digest ? $0 : nil } ?? SeatPlan(seats)
    var book = SeatBook(plan)
    for (index, seat) in seats.enumerated() {
      guard states[index] != .free, let number = plan.seat(of: ExactText(seat.ticketID)) else {
        continue
      }
      book.learn(states[index], of: number, holder: holders[index])
    }
    return book
  }
}
