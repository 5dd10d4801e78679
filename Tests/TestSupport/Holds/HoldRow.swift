/// A row of `tickets_blocked`, with its times in microseconds since 1970, and the texts of its digests.
public struct HoldRow: Equatable, Sendable {
  /// When the hold ends.
  public var until: Int

  /// When it was granted.
  public var created: Int

  /// Whose it is; nil for nobody's.
  public var holdID: String?

  /// Whose live tickets it is counted among.
  public var shopper: String?

  /// The call that chose the ticket; nil if somebody named it.
  public var choice: String?

  /// Creates a row.
  public init(
    until: Int, created: Int, holdID: String? = nil, shopper: String? = nil, choice: String? = nil
  ) {
    self.until = until
    self.created = created
    self.holdID = holdID
    self.shopper = shopper
    self.choice = choice
  }
}
