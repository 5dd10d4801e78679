import Holds
import TestSupport

@testable import HoldStore

/// A random history of batches, expiries and sales, run through the database and the model alike.
struct HoldHistory {
  /// The first disagreement, with all that is needed to see why.
  struct Difference: Error, CustomStringConvertible {
    let description: String
  }

  private let database: Database
  private let seed: UInt64
  private let isStrict: Bool
  private var random: SeededGenerator
  private var model: HoldModel
  private var step = 0

  private static let tickets = (1...12).map { "ticket-\($0)" }
  private static let shoppers = (1...3).map { "shopper-\($0)" }
  private static let owners = (1...8).map { "secret-of-owner-\($0)" }

  init(_ database: Database, seed: UInt64, isStrict: Bool = false) throws {
    self.database = database
    self.isStrict = isStrict
    self.seed = seed
    random = SeededGenerator(seed: seed)
    model = HoldModel(tickets: Self.tickets)
    Database.secrets.withLock { $0.formUnion(Self.owners + Self.shoppers) }
    try database.run("TRUNCATE tickets, tickets_blocked, holdfast_sales")
    try database.sell(Self.tickets)
  }

  mutating func run(steps: Int) throws {
    while step < steps {
      step += 1
      switch Int.random(in: 0..<10, using: &random) {
      case 0: try expire()
      case 1: try age()
      case 2: try changeSale()
      case 3: try putOnSale()
      default: try commit()
      }
      let holds = try database.holds()
      guard holds == model.holds else {
        throw difference("rows", expected: model.holds, found: holds)
      }
    }
  }

  private mutating func commit() throws {
    // Few of each meet more often in one batch.
    let owners = Array(Self.owners.shuffled(using: &random).prefix(2))
    let tickets = Array(Self.tickets.shuffled(using: &random).prefix(6))
    let operations = (0..<Int.random(in: 1...8, using: &random)).map { _ in
      makeOperation(owners, tickets)
    }
    let before = model
    // Most sites have no limit; a batch has the one of its instance.
    let limit = [0, 0, 3, 5].randomElement(using: &random) ?? 0
    let commit = try database.commit(operations, isStrict: isStrict, heldTicketLimit: limit)
    for (operation, verdict) in zip(operations, commit.verdicts) {
      let expected = model.apply(operation, now: commit.decidedAt, limit: limit)
      guard verdict == .decided(expected) else {
        throw difference(
          "\(operation) of \(operations), limit \(limit), holds \(before.holds)",
          expected: expected,
          found: verdict)
      }
    }
    guard commit.verdicts.count == operations.count else {
      throw difference("count", expected: operations.count, found: commit.verdicts.count)
    }
  }

  private mutating func makeOperation(_ owners: [String], _ tickets: [String]) -> HoldOperation {
    // One that does not exist now and then.
    let names = tickets + (Int.random(in: 0..<10, using: &random) == 0 ? ["nowhere"] : [])
    let count = Int.random(in: 1...4, using: &random)
    let ticketIDs = Array(names.shuffled(using: &random).prefix(count))
    let isOwned = Int.random(in: 0..<3, using: &random) > 0
    let holdID = isOwned ? owners.randomElement(using: &random).map { HoldID($0) } : nil
    if Int.random(in: 0..<3, using: &random) == 0 {
      return .release(ReleaseRequest(ticketIDs: ticketIDs, holdID: holdID))
    }
    if Int.random(in: 0..<5, using: &random) == 0 { return makeConfirm(ticketIDs, holdID) }
    let lengths = [60, 600.5, 1800, 7200]
    let seconds = lengths.randomElement(using: &random) ?? 60
    let isCounted = Bool.random(using: &random)
    let shopper = isCounted ? Self.shoppers.randomElement(using: &random) : nil
    return .lock(
      LockRequest(
        ticketIDs: ticketIDs, reservedSeconds: seconds, holdID: holdID,
        shopper: shopper.map { ShopperID($0) }))
  }

  /// Of an order that is new, often with what its cart holds, as carts do; or of one that was there
  /// before, with the same tickets or with others.
  private mutating func makeConfirm(_ ticketIDs: [String], _ holdID: HoldID?) -> HoldOperation {
    let number = Int.random(in: max(1, step - 3)...step, using: &random)
    let orderID = "order-\(number)"
    var ticketIDs = ticketIDs
    if let sold = model.orders[orderID], Bool.random(using: &random) {
      ticketIDs = sold.sorted().shuffled(using: &random)
    } else if Bool.random(using: &random) {
      let held = model.holds.filter { $0.value.holdID == holdID?.secret }.keys.sorted()
      if !held.isEmpty { ticketIDs = Array(held.shuffled(using: &random).prefix(4)) }
    }
    return .confirm(ConfirmRequest(ticketIDs: ticketIDs, orderID: orderID, holdID: holdID))
  }

  private mutating func randomTicket() -> String {
    Self.tickets.randomElement(using: &random) ?? ""
  }

  /// Some hold comes to its end.
  private mutating func expire() throws {
    for _ in 0..<3 { try move(randomTicket(), until: -20_000, created: -20_000) }
  }

  /// Some hold has been there for most of the longest time allowed.
  private mutating func age() throws {
    for _ in 0..<3 { try move(randomTicket(), until: 0, created: -3000) }
  }

  private mutating func move(_ ticketID: String, until: Int, created: Int) throws {
    try database.run(
      """
      UPDATE tickets_blocked SET locked_up = locked_up + interval '\(until) s',
                                 date_created = date_created + interval '\(created) s'
       WHERE ticket_id = '\(ticketID)'
      """)
    model.holds[ticketID]?.until += until * 1_000_000
    model.holds[ticketID]?.created += created * 1_000_000
  }

  /// A ticket is sold, mostly with its hold's end, or comes back.
  private mutating func changeSale() throws {
    let ticketID = randomTicket()
    let isForSale = Int.random(in: 0..<3, using: &random) > 0
    try database.run(
      "UPDATE tickets SET status = \(isForSale) WHERE ticket_id = '\(ticketID)'")
    model.isForSale[ticketID] = isForSale
    if !isForSale, Bool.random(using: &random) {
      try database.run("DELETE FROM tickets_blocked WHERE ticket_id = '\(ticketID)'")
      model.holds[ticketID] = nil
    }
  }

  /// All tickets are on sale again: there would soon be none.
  private mutating func putOnSale() throws {
    try database.run("UPDATE tickets SET status = true WHERE NOT status")
    for ticketID in Self.tickets { model.isForSale[ticketID] = true }
  }

  private func difference(_ what: String, expected: Any, found: Any) -> Difference {
    Difference(
      description: """
        HOLDFAST_TEST_SEED=\(seed), step \(step): \(what)
        expected \(expected)
        found    \(found)
        """)
  }
}
