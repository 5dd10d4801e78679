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

/// A request to release the holds on the given tickets, as far as the caller may release them.
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

/// The caller's own secret for one cart: whoever presents it may renew or release the cart's holds.
///
/// It describes itself as `HoldID(redacted)`, so that it cannot reach a log or an error by accident.
public struct HoldID: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
  /// The secret itself: 16 to 128 of `[A-Za-z0-9._-]`, as the decoder has checked.
  public let secret: String

  /// Wraps a secret that has been checked.
  public init(_ secret: String) { self.secret = secret }

  /// Never the secret.
  public var description: String { "HoldID(redacted)" }

  /// Never the secret.
  public var customMirror: Mirror { Mirror(self, children: []) }
}
