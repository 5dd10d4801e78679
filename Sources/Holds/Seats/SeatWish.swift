/// Which seats are to be chosen.
public struct SeatWish: Sendable, Equatable {
  /// The zone to choose from; nil for any.
  public var zone: String?

  /// How many seats are wanted, those that are kept included.
  public var quantity: Int

  /// Whether only neighbours in one row will do.
  public var mustBeAdjacent: Bool

  /// Seats that the caller has already, and keeps: the others are chosen beside them where that is
  /// possible.
  public var kept: [Int]

  /// Leaves so many rows out in which the best seats would be, as long as there are others. Callers in
  /// several instances who would go for the same seats again and again get out of each other's way.
  public var skippedRows: Int

  /// Creates a wish; `quantity` must be at least 1.
  public init(
    zone: String? = nil, quantity: Int, mustBeAdjacent: Bool = false, kept: [Int] = [],
    skippedRows: Int = 0
  ) {
    self.zone = zone
    self.quantity = quantity
    self.mustBeAdjacent = mustBeAdjacent
    self.kept = kept
    self.skippedRows = skippedRows
  }
}
