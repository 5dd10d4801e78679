/// One change that a caller asks for, as it travels through the commit queue.
public enum HoldOperation: Sendable, Equatable {
  /// Hold these tickets, all or none.
  case lock(LockRequest)

  /// Release these tickets.
  case release(ReleaseRequest)

  /// Hold the best available tickets of an event.
  case lockBest(BestRequest)

  /// Sell these tickets, all or none.
  case confirm(ConfirmRequest)

  /// The tickets that the operation names, in the caller's order, without duplicates; none where the
  /// service is to choose them.
  public var ticketIDs: [String] {
    switch self {
    case .lock(let request): request.ticketIDs
    case .release(let request): request.ticketIDs
    case .lockBest: []
    case .confirm(let request): request.ticketIDs
    }
  }

  /// How many tickets it is about, those included that the service is to choose.
  public var ticketCount: Int {
    if case .lockBest(let request) = self { request.quantity } else { ticketIDs.count }
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

  /// Whose live tickets are counted together, besides those of the cart; nil for nobody's.
  public var shopper: ShopperID?

  /// What identifies a call for best available tickets when it is repeated; nil for tickets that the
  /// caller has named.
  public var choice: ChoiceKey?

  /// Creates a request; `ticketIDs` must hold no ticket twice.
  public init(
    ticketIDs: [String], reservedSeconds: Double, holdID: HoldID? = nil,
    shopper: ShopperID? = nil, choice: ChoiceKey? = nil
  ) {
    self.ticketIDs = ticketIDs
    self.reservedSeconds = reservedSeconds
    self.holdID = holdID
    self.shopper = shopper
    self.choice = choice
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

/// A request to hold the best available tickets of an event for a time window.
public struct BestRequest: Sendable, Equatable {
  /// The event whose tickets are chosen.
  public var eventID: String

  /// The zone to choose from; nil for any.
  public var zone: String?

  /// How many tickets are wanted: all of them, or none.
  public var quantity: Int

  /// Refuses what are not neighbours in one row.
  public var mustBeAdjacent: Bool

  /// How long the hold lasts from the moment that it is granted, in seconds.
  public var reservedSeconds: Double

  /// The cart that the hold belongs to; nil for an anonymous hold.
  public var holdID: HoldID?

  /// Whose live tickets are counted together, besides those of the cart; nil for nobody's.
  public var shopper: ShopperID?

  /// Creates a request.
  public init(
    eventID: String, zone: String? = nil, quantity: Int, mustBeAdjacent: Bool = false,
    reservedSeconds: Double, holdID: HoldID? = nil, shopper: ShopperID? = nil
  ) {
    self.eventID = eventID
    self.zone = zone
    self.quantity = quantity
    self.mustBeAdjacent = mustBeAdjacent
    self.reservedSeconds = reservedSeconds
    self.holdID = holdID
    self.shopper = shopper
  }
}

/// A request to turn holds into a sale.
public struct ConfirmRequest: Sendable, Equatable {
  /// The tickets to sell, in the caller's order, without duplicates.
  public var ticketIDs: [String]

  /// The order under which the sale is recorded; it makes the request repeatable.
  public var orderID: String

  /// The cart whose holds are sold; nil for the anonymous ones.
  public var holdID: HoldID?

  /// Creates a request; `ticketIDs` must hold no ticket twice.
  public init(ticketIDs: [String], orderID: String, holdID: HoldID? = nil) {
    self.ticketIDs = ticketIDs
    self.orderID = orderID
    self.holdID = holdID
  }
}
