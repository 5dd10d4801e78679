/// One change that a caller asks for, as it travels through the commit queue.
public enum HoldOperation: Sendable, Equatable {
  /// Hold these tickets, all or none.
  case lock(LockRequest)

  /// Release these tickets.
  case release(ReleaseRequest)

  /// The tickets that the operation names, in the caller's order, without duplicates.
  public var ticketIDs: [String] {
    switch self {
    case .lock(let request): request.ticketIDs
    case .release(let request): request.ticketIDs
    }
  }
}
