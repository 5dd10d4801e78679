public import Holds

/// Random operations of few carts on few tickets, and what else befalls the tickets.
public struct HoldGenerator {
  /// The kinds of operations.
  public enum Kind {
    /// Each is the operation of that name.
    case lock, release, confirm, best
  }

  private static let quantities = 1...5

  /// Where all of it comes from.
  public var random: SeededGenerator

  /// What is drawn from; what is there twice is drawn twice as often.
  public var kinds: [Kind]

  /// The tickets of the operations, beside one that does not exist.
  public var tickets: [String]

  /// The hold ids; nil for an operation without one.
  public var carts: [String?]

  /// The shoppers of half of the locks.
  public var shoppers: [String] = []

  /// For how many seconds tickets are locked.
  public var lengths = [60, 600.5, 3000, 7200]

  private var orders = 0

  /// Creates a generator.
  public init(seed: UInt64, kinds: [Kind], tickets: [String], carts: [String?]) {
    random = SeededGenerator(seed: seed)
    self.kinds = kinds
    self.tickets = tickets
    self.carts = carts
  }

  /// The hold ids, shoppers and choices of all operations that there may be.
  public var texts: [String] {
    let calls = carts.flatMap { cart in
      Self.quantities.flatMap { [best(cart, $0, true), best(cart, $0, false)] }
    }
    return carts.compactMap(\.self) + shoppers + calls.compactMap { ChoiceKey($0)?.text }
  }

  private func best(
    _ cart: String?, _ quantity: Int, _ mustBeAdjacent: Bool, seconds: Double = 600
  ) -> BestRequest {
    BestRequest(
      eventID: "E1", quantity: quantity, mustBeAdjacent: mustBeAdjacent, reservedSeconds: seconds,
      holdID: cart.map { HoldID($0) })
  }

  /// An operation.
  ///
  /// - Parameter model: What carts confirm is often what they hold in it.
  public mutating func operation(on model: HoldModel) -> HoldOperation {
    let cart = carts.randomElement(using: &random) ?? nil
    let holdID = cart.map { HoldID($0) }
    let seconds = lengths.randomElement(using: &random) ?? 600
    let names = tickets + (Int.random(in: 0..<10, using: &random) == 0 ? ["nowhere"] : [])
    switch kinds.randomElement(using: &random) ?? .lock {
    case .lock:
      let shopper = Bool.random(using: &random) ? shoppers.randomElement(using: &random) : nil
      return .lock(
        LockRequest(
          ticketIDs: some(names, most: 4), reservedSeconds: seconds, holdID: holdID,
          shopper: shopper.map { ShopperID($0) }))
    case .release:
      return .release(ReleaseRequest(ticketIDs: some(names, most: names.count), holdID: holdID))
    case .confirm: return .confirm(confirm(some(names, most: 4), holdID, model))
    case .best:
      let quantity = Int.random(in: Self.quantities, using: &random)
      return .lockBest(best(cart, quantity, .random(using: &random), seconds: seconds))
    }
  }

  /// Of an order that is new, often with what its cart holds, as carts do; or of one that was there
  /// before, with the same tickets or with others.
  private mutating func confirm(
    _ ticketIDs: [String], _ holdID: HoldID?, _ model: HoldModel
  ) -> ConfirmRequest {
    orders += 1
    let oldest = max(1, orders - 3)
    let orderID = "order-\(Int.random(in: oldest...orders, using: &random))"
    var ticketIDs = ticketIDs
    if let sold = model.orders[orderID], Bool.random(using: &random) {
      ticketIDs = sold.sorted().shuffled(using: &random)
    } else if Bool.random(using: &random) {
      let held = model.holds.filter { $0.value.holdID == holdID?.secret }.keys.sorted()
      if !held.isEmpty { ticketIDs = some(held, most: 4) }
    }
    return ConfirmRequest(ticketIDs: ticketIDs, orderID: orderID, holdID: holdID)
  }

  /// SQL by which all tickets are on sale again: there would soon be none.
  public static let putOnSale = "UPDATE tickets SET status = true WHERE NOT status"

  /// SQL by which some holds come to their end, or have been there for long.
  public mutating func lapse() -> String {
    let ends = Int.random(in: 0..<16, using: &random) < 10
    let age = ends ? 20_000 : Int.random(in: 1...7000, using: &random)
    return """
      UPDATE tickets_blocked SET locked_up = locked_up - interval '\(ends ? age : 0) s',
                                 date_created = date_created - interval '\(age) s'
       WHERE \(isOne(ofMost: 4))
      """
  }

  /// SQL by which tickets are sold, with their holds or beside them, or come back.
  public mutating func sale() -> String {
    guard Int.random(in: 0..<3, using: &random) == 0 else {
      return "\(Self.putOnSale) AND \(isOne(ofMost: tickets.count))"
    }
    let sold = isOne(ofMost: 2)
    let isBeside = Bool.random(using: &random)
    return "UPDATE tickets SET status = false WHERE \(sold)"
      + (isBeside ? "" : "; DELETE FROM tickets_blocked WHERE \(sold)")
  }

  private mutating func isOne(ofMost most: Int) -> String {
    "ticket_id IN (\(HoldModel.list(some(tickets, most: most))))"
  }

  private mutating func some(_ names: [String], most: Int) -> [String] {
    Array(names.shuffled(using: &random).prefix(.random(in: 1...most, using: &random)))
  }
}
