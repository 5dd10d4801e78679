/// A ticket as a place: what a seat map shows of it, and what neighbours are found by.
public struct Seat: Sendable, Equatable {
  /// The ticket.
  public var ticketID: String

  /// The part of the venue; nil when the platform names none.
  public var zone: String?

  /// How the platform colours it.
  public var color: String?

  /// The row; nil for general admission.
  public var row: String?

  /// The seat within the row; nil for general admission.
  public var number: String?

  /// Creates a seat.
  public init(
    ticketID: String, zone: String? = nil, color: String? = nil, row: String? = nil,
    number: String? = nil
  ) {
    self.ticketID = ticketID
    self.zone = zone
    self.color = color
    self.row = row
    self.number = number
  }
}
