/// The result of one operation.
public enum HoldOutcome: Sendable, Equatable {
  /// Every ticket is held, and the hold is durable.
  case granted(HoldGrant)

  /// The tickets are released as far as the caller may release them, durably.
  case released

  /// The best available tickets, in the order of their seats, are held, and the hold is durable.
  case chosen(ticketIDs: [String], HoldGrant)

  /// Every ticket is sold under the request's order, durably.
  case sold

  /// Nothing was changed: these tickets of the request were unavailable, in the request's order.
  case refused([UnavailableTicket])

  /// Nothing was changed: of the tickets to choose from only so many are free, or none of those that
  /// are free fit.
  case notEnough(free: Int)

  /// Nothing was changed: the cart or the shopper would have had more live tickets than the limit.
  case overLimit(limit: Int, held: Int)

  /// Nothing was changed: the order exists with other tickets.
  case orderMismatch

  /// The operation has no result.
  case failed(HoldFailure)
}

/// When a granted hold ends, by the database's clock.
public struct HoldGrant: Sendable, Equatable {
  /// The earliest expiry of the request's tickets, in microseconds since 1970-01-01 UTC.
  public var expiresAtUnixMicroseconds: Int64

  /// Whole seconds from the grant to that expiry, rounded down.
  public var expiresInSeconds: Int64

  /// Creates a grant.
  public init(expiresAtUnixMicroseconds: Int64, expiresInSeconds: Int64) {
    self.expiresAtUnixMicroseconds = expiresAtUnixMicroseconds
    self.expiresInSeconds = expiresInSeconds
  }
}

/// A ticket that could not be held, and why.
public struct UnavailableTicket: Sendable, Equatable {
  /// Why a ticket cannot be held.
  public enum Reason: Sendable, Equatable {
    /// `tickets.status` is not true.
    case sold

    /// Another live hold is on it.
    case held

    /// It is not in `tickets`.
    case unknown

    /// `tickets.status_offline` is true: the ticket is withheld from online sale.
    case withheld
  }

  /// The ticket, as the caller spelled it.
  public var ticketID: String

  /// Why it could not be held.
  public var reason: Reason

  /// For a held ticket, whole seconds until the hold expires, rounded up; nil for the others.
  public var availableInSeconds: Int64?

  /// Creates a record of one unavailable ticket.
  public init(ticketID: String, reason: Reason, availableInSeconds: Int64? = nil) {
    self.ticketID = ticketID
    self.reason = reason
    self.availableInSeconds = availableInSeconds
  }
}

/// Why an operation has no result.
public enum HoldFailure: Error, Sendable, Equatable {
  /// The commit queue was full: the operation was not accepted. Nothing was changed.
  case queueFull

  /// The service is stopping and did not accept the operation. Nothing was changed.
  case stopping

  /// The database could not be reached, or answered too late. Nothing was changed.
  case databaseUnreachable

  /// The database refused the statement, for instance because a privilege is missing. Nothing was
  /// changed, and a retry does not help.
  case databaseRefused

  /// Another transaction kept a ticket of the request locked, or other requests had all that it could
  /// have had in hand. Nothing was changed.
  case contended

  /// The database has not what the operation needs, as the text says. Nothing was changed.
  case unsupported(String)

  /// The connection was lost while the operation was being committed.
  case outcomeUnknown

  /// The database refused to delete some expired holds. All others that it could reach are deleted.
  case sweepRefused

  /// The time was over before all expired holds were deleted. Some may be.
  case sweepLate

  /// True when it is certain that the operation changed nothing.
  public var nothingWasChanged: Bool {
    ![.outcomeUnknown, .sweepRefused, .sweepLate].contains(self)
  }
}
