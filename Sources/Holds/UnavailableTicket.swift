/// A ticket that stood in the way of a lock, and why.
public struct UnavailableTicket: Sendable, Equatable {
  /// The ticket, as the caller spelled it.
  public var ticketID: String

  /// Why it could not be held.
  public var reason: Reason

  /// For a held ticket, whole seconds until the hold ends, rounded up; nil for the others.
  public var availableInSeconds: Int64?

  /// Why a ticket cannot be held.
  public enum Reason: Sendable, Equatable {
    /// `tickets.status` is false.
    case sold

    /// A live hold is on it.
    case held

    /// It is not in `tickets`.
    case unknown
  }

  /// Creates a record of one unavailable ticket.
  public init(ticketID: String, reason: Reason, availableInSeconds: Int64? = nil) {
    self.ticketID = ticketID
    self.reason = reason
    self.availableInSeconds = availableInSeconds
  }
}
