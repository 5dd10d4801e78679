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

  /// By what the same call for best available tickets is known when it is repeated; nil for tickets
  /// that the caller has named.
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

/// The platform's own id of a person, of which the store keeps a keyed hash only.
///
/// It describes itself as `ShopperID(redacted)`, so that it cannot reach a log or an error by accident.
public struct ShopperID: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
  /// The id itself: 1 to 128 bytes, as the decoder has checked.
  public let text: String

  /// Wraps an id that has been checked.
  public init(_ text: String) { self.text = text }

  /// Never the id.
  public var description: String { "ShopperID(redacted)" }

  /// Never the id.
  public var customMirror: Mirror { Mirror(self, children: []) }
}

/// What all repeats of one call for best available tickets have in common: its cart and its members.
///
/// It contains the cart's secret, and describes itself without it.
public struct ChoiceKey: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
  /// The members in a form that differs for any two calls that differ.
  public let text: String

  /// Joins a call's members; nil without a cart, since such a call cannot be told from another.
  public init?(_ request: BestRequest) {
    guard let secret = request.holdID?.secret else { return nil }
    // Each text with its length in front: no two different lists of texts join to the same one.
    let texts = [secret, request.eventID, request.zone ?? ""].map { "\($0.utf8.count):\($0)" }
    text =
      texts.joined() + (request.zone == nil ? "-" : "+") + (request.mustBeAdjacent ? "a" : "")
      + "\(request.quantity)"
  }

  /// Never the secret.
  public var description: String { "ChoiceKey(redacted)" }

  /// Never the secret.
  public var customMirror: Mirror { Mirror(self, children: []) }
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
