public import Holds

/// The limits of a request; each is a setting of the service.
public struct APIBounds: Sendable, Equatable {
  /// The longest accepted body, in bytes; a longer one is answered with 413.
  public var maximumBodyBytes: Int

  /// The largest number of different tickets in a request.
  public var maximumTickets: Int

  /// The longest ticket id, in bytes of UTF-8; the shortest is 1.
  public var maximumTicketIDBytes: Int

  /// The longest event id, in bytes of UTF-8; the shortest is 1.
  public var maximumEventIDBytes: Int

  /// The shortest hold, in seconds.
  public var minimumReservedSeconds: Double

  /// The longest hold, in seconds.
  public var maximumReservedSeconds: Double

  /// The shortest `hold_id`, in bytes.
  public var minimumHoldIDBytes: Int

  /// The longest `hold_id`, in bytes.
  public var maximumHoldIDBytes: Int

  /// The longest `order_id`, in bytes of UTF-8; the shortest is 1.
  public var maximumOrderIDBytes: Int

  /// The longest `shopper`, in bytes of UTF-8; the shortest is 1.
  public var maximumShopperBytes: Int

  /// The value of `Retry-After` in a 503, in seconds.
  public var retryAfterSeconds: Int

  /// Refuses locks, releases and confirms that carry no `hold_id`.
  public var requiresHoldID: Bool

  /// Whether tickets can be sold by `/tickets_confirm`, which writes to `tickets`.
  public var allowsConfirms: Bool

  /// How a ticket's key is taken from its id, where all tickets of a request must have the same; nil
  /// where they need not.
  public var shardKey: ShardKey?

  /// Whether a ticket counts as often as a request names it: never, but in the negative control.
  var keepsDuplicates = false

  /// Creates bounds; the defaults are those of the contract.
  public init(
    maximumBodyBytes: Int = 65_536,
    maximumTickets: Int = 100,
    maximumTicketIDBytes: Int = 256,
    maximumEventIDBytes: Int = 256,
    minimumReservedSeconds: Double = 1,
    maximumReservedSeconds: Double = 7200,
    minimumHoldIDBytes: Int = 16,
    maximumHoldIDBytes: Int = 128,
    maximumOrderIDBytes: Int = 128,
    maximumShopperBytes: Int = 128,
    retryAfterSeconds: Int = 1,
    requiresHoldID: Bool = false,
    allowsConfirms: Bool = false,
    shardKey: ShardKey? = nil
  ) {
    self.maximumBodyBytes = maximumBodyBytes
    self.maximumTickets = maximumTickets
    self.maximumTicketIDBytes = maximumTicketIDBytes
    self.maximumEventIDBytes = maximumEventIDBytes
    self.minimumReservedSeconds = minimumReservedSeconds
    self.maximumReservedSeconds = maximumReservedSeconds
    self.minimumHoldIDBytes = minimumHoldIDBytes
    self.maximumHoldIDBytes = maximumHoldIDBytes
    self.maximumOrderIDBytes = maximumOrderIDBytes
    self.maximumShopperBytes = maximumShopperBytes
    self.retryAfterSeconds = retryAfterSeconds
    self.requiresHoldID = requiresHoldID
    self.allowsConfirms = allowsConfirms
    self.shardKey = shardKey
  }
}
