/// A request to hold tickets for a time window: all of them or none.
public struct LockRequest: Sendable, Equatable {
  /// The tickets asked for, in the caller's order, without duplicates.
  public var ticketIDs: [String]

  /// How long the hold lasts from the moment that it is granted, in seconds.
  public var reservedSeconds: Double

  /// The cart that the hold belongs to; nil for an anonymous hold, which its ticket id releases.
  public var holdID: HoldID?

  /// Creates a request; `ticketIDs` must hold no ticket twice.
  public init(ticketIDs: [String], reservedSeconds: Double, holdID: HoldID? = nil) {
    self.ticketIDs = ticketIDs
    self.reservedSeconds = reservedSeconds
    self.holdID = holdID
  }
}
