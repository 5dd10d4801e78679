public import Postgres
public import Threads

/// Reads what happened to a ticket, and tells who had it at a time.
public struct TicketHistory: Sendable {
  /// What happened to it.
  public enum Kind: String, Sendable {
    /// A hold was placed on it.
    case held

    /// Its hold was made to last longer.
    case renewed

    /// Its hold was released by a request.
    case released

    /// It was confirmed.
    case sold

    /// Released by `holdfast release`.
    case releasedByOperator = "released by operator"

    /// The hold's end passed. No row says so: it follows from the rows before.
    case expired
  }

  /// One thing that happened to it.
  public struct Event: Sendable, Equatable {
    /// When, in microseconds since 1970.
    public var at: Int64

    /// What.
    public var kind: Kind

    /// When the hold ends by itself; nil for what ends a hold, and for a hold without an end.
    public var until: Int64?

    /// When the hold that this belongs to began; nil where that is not in the history.
    public var since: Int64?

    /// Digits of a keyed hash by which one cart is told from another; nil for an anonymous hold.
    public var cart: String?

    /// The `X-Request-Id` by which it was asked for; nil where it was not by a request.
    public var requestID: String?

    /// Why and by whom an operator has released it.
    public var note: String?
  }

  /// Who has a ticket.
  public enum State: Sendable, Equatable {
    /// Nothing about it is in the history up to then.
    case unknown

    /// Under the hold that this event placed or renewed last.
    case held(Event)

    /// Under no hold since this event.
    case free(Event)

    /// Sold by this event.
    case sold(Event)
  }

  /// What happened until then, the first in front.
  public let events: [Event]

  /// The time that was asked about, in microseconds since 1970.
  public let asOf: Int64

  /// There was more before the first event.
  public let isTruncated: Bool

  /// Reads the history of a ticket.
  ///
  /// - Parameters:
  ///   - time: Until when, as PostgreSQL reads a time, in UTC unless it says otherwise; a time of day is
  ///     the last one that has passed. Empty for now.
  ///   - limit: How many rows are read: the latest.
  /// - Throws: The server's error, of class 22 if it cannot read the time.
  public init(
    ofTicket ticketID: String, until time: String = "", limit: Int,
    _ connection: PostgresConnection, deadline: Instant
  ) throws(PostgresError) {
    try connection.run(script: "SET timezone = 'UTC'", deadline: deadline)
    let rows = try connection.query(
      EmbeddedSQL.history, [.text(ticketID), .text(time), .int64(Int64(limit) + 1)],
      deadline: deadline)
    let asOf = Int64(rows.integer(row: 0, column: 0))
    let count = min(rows.rowCount - 1, limit)
    isTruncated = rows.rowCount - 1 > limit
    self.asOf = asOf
    events = Self.completed(
      (0..<count).reversed().map { Self.event(rows, row: $0 + 1) }, asOf: asOf)
  }

  /// Who had it at that time.
  public var state: State {
    guard let last = events.last else { return .unknown }
    return switch last.kind {
    case .held, .renewed: .held(last)
    case .released, .releasedByOperator, .expired: .free(last)
    case .sold: .sold(last)
    }
  }

  private static func event(_ rows: borrowing PostgresResult, row: Int) -> Event {
    let kind: Kind =
      switch rows.text(row: row, column: 1) {
      case "h": .held
      case "r": .renewed
      case "x": .released
      case "s": .sold
      default: .releasedByOperator
      }
    return Event(
      at: Int64(rows.integer(row: row, column: 0)), kind: kind,
      until: rows.optionalInteger(row: row, column: 2).map { Int64($0) },
      cart: rows.optionalText(row: row, column: 3),
      requestID: rows.optionalText(row: row, column: 4),
      note: rows.optionalText(row: row, column: 5))
  }

  /// Puts in the expiries, and when each hold began.
  static func completed(_ rows: [Event], asOf: Int64) -> [Event] {
    var events: [Event] = []
    var current: Event?
    func expire(before time: Int64) {
      guard let hold = current, let end = hold.until, end <= time else { return }
      events.append(Event(at: end, kind: .expired, since: hold.since, cart: hold.cart))
      current = nil
    }
    for row in rows {
      expire(before: row.at)
      var event = row
      switch row.kind {
      case .held:
        event.since = row.at
        current = event
      case .renewed:
        event.since = current?.since
        current = event
      case .released, .releasedByOperator, .sold, .expired:
        event.since = current?.since
        event.until = nil
        current = nil
      }
      events.append(event)
    }
    expire(before: asOf)
    return events
  }
}
