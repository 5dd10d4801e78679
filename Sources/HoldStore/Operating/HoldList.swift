public import Postgres
public import Threads

/// Lists holds for a person who looks after the site.
public struct HoldList: Sendable {
  /// One row of `tickets_blocked`.
  public struct Entry: Sendable, Equatable {
    /// The ticket that is held.
    public let ticketID: String

    /// The ticket's event; nil where the table of tickets has none.
    public let eventID: String?

    /// When the hold began and when it ends, in RFC 3339; nil where the row has none.
    public let createdAt, expiresAt: String?

    /// Seconds until its end, negative after it; nil for an end that never comes.
    public let secondsLeft: Int?

    /// Seconds since it began; nil where that is not known.
    public let secondsHeld: Int?

    /// Digits of a hash by which one cart is told from another; nil for an anonymous hold.
    public let cart: String?

    /// Whether it keeps others from the ticket.
    public let isLive: Bool
  }

  /// Which holds are listed: those of one ticket, of one event, or all.
  public var ticketID, eventID: String?

  /// Lists the rows that have expired, in place of the live ones.
  public var listsExpired = false

  /// How many are listed, at most.
  public var limit = 100

  /// The longest hold, by which a row from the future is told.
  public var longestHoldSeconds = HoldStoreSettings().longestHoldSeconds

  /// All live holds, up to the limit.
  public init() {}

  /// Reads them, those that end first in front.
  ///
  /// - Throws: Also `undefinedColumn` if an event is asked for and tickets have none.
  public func read(
    _ connection: PostgresConnection, deadline: Instant
  ) throws(PostgresError) -> [Entry] {
    let facts = try OperatingFacts(connection, deadline: deadline)
    guard eventID == nil || facts.hasEvent else {
      throw PostgresError(
        .server(.undefinedColumn),
        "tickets.event_id: there is no such column, so that holds cannot be listed by event")
    }
    let sql = EmbeddedSQL.holds
      .filling("event", with: facts.hasEvent ? "t.event_id::text" : "NULL::text")
      .filling("cart", with: facts.cart)
      .filling("ticket_filter", with: ticketID == nil ? "true" : "b.ticket_id = $1")
      .filling("event_filter", with: eventID == nil ? "true" : "t.event_id::text = $2")
      .filling("state_filter", with: listsExpired ? "NOT is_live" : "is_live")
    let rows = try connection.query(
      sql,
      [
        .text(ticketID ?? ""), .text(eventID ?? ""), .int64(Int64(limit)),
        .double(longestHoldSeconds),
      ], deadline: deadline)
    return (0..<rows.rowCount).map { Self.entry(rows, row: $0) }
  }

  private static func entry(_ rows: PostgresResult, row: Int) -> Entry {
    Entry(
      ticketID: rows.text(row: row, column: 0),
      eventID: rows.optionalText(row: row, column: 1),
      createdAt: rows.optionalText(row: row, column: 2),
      expiresAt: rows.optionalText(row: row, column: 3),
      secondsLeft: rows.optionalInteger(row: row, column: 4),
      secondsHeld: rows.optionalInteger(row: row, column: 5),
      cart: rows.optionalText(row: row, column: 6), isLive: rows.bool(row: row, column: 7))
  }
}
