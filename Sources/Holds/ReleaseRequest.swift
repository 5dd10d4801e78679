/// A request to release the holds on the given tickets, whoever asked for them.
public struct ReleaseRequest: Sendable, Equatable {
  /// The tickets to release, without duplicates.
  public var ticketIDs: [String]

  /// Creates a request; `ticketIDs` must hold no ticket twice.
  public init(ticketIDs: [String]) {
    self.ticketIDs = ticketIDs
  }
}
