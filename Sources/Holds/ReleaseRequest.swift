/// A request to release the holds on the given tickets, as far as they are the caller's to release.
public struct ReleaseRequest: Sendable, Equatable {
  /// The tickets to release, without duplicates.
  public var ticketIDs: [String]

  /// The cart whose holds are released besides the anonymous ones.
  public var holdID: HoldID?

  /// Creates a request; `ticketIDs` must hold no ticket twice.
  public init(ticketIDs: [String], holdID: HoldID? = nil) {
    self.ticketIDs = ticketIDs
    self.holdID = holdID
  }
}
