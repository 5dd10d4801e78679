/// What became of one operation.
public enum HoldOutcome: Sendable, Equatable {
  /// Every ticket is held, and the hold is durable.
  case granted(HoldGrant)

  /// The tickets are released as far as the caller may release them, durably.
  case released

  /// Nothing was changed: these tickets of the request were unavailable, in the request's order.
  case refused([UnavailableTicket])

  /// No answer could be had in time.
  case unavailable(Unavailability)
}
