internal import Holds
internal import Postgres
internal import Threads

/// An event's seats as the database has them.
struct SeatLook {
  private static let statement = PreparedStatement(
    name: "holdfast_event_seats", sql: EmbeddedSQL.eventSeats)

  private static let finding = PreparedStatement(
    name: "holdfast_events_with_seats",
    sql: EmbeddedSQL.lookForEvents.filling("event", with: "t.event_id = u.event_id"))

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
    var read = self
    try Self.run(
      isSharded ? KeyedFunction.eventSeats.call : Self.statement,
      [.text(event), .int64(Self.never), .int64(Int64(limit)), .double(longestHoldSeconds)],
      on: connection, deadline: deadline
    ) { read.read($0) }
    self = read
  }

  /// Which of these events have seats.
  static func events(
    _ events: [String], isSharded: Bool, on connection: PostgresConnection, deadline: Instant
  ) throws(PostgresError) -> [String] {
    var found: [String] = []
    try run(
      isSharded ? KeyedFunction.lookForEvents.call : finding, [.textArray(events)],
      on: connection, deadline: deadline
    ) { result in
      found = (0..<result.rowCount).map { result.text(row: $0, column: 0) }
    }
    return found
  }

  private static func run(
    _ statement: PreparedStatement, _ parameters: [PostgresParameter],
    on connection: PostgresConnection, deadline: Instant,
    reading read: (borrowing PostgresResult) -> Void
  ) throws(PostgresError) {
    try connection.run(script: start, deadline: deadline)
    do throws(PostgresError) {
      read(try connection.execute(statement, parameters, deadline: deadline))
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
