import Holds
import TestSupport

@testable import HoldStore

/// A random history of batches, expiries and sales, run through the database and the model alike.
struct HoldHistory {
  private static let shoppers = (1...3).map { "shopper-\($0)" }
  private static let carts: [String?] = (1...8).map { "secret-of-owner-\($0)" }

  private let database: Database
  private let seed: UInt64
  private let isStrict: Bool
  private var generator: HoldGenerator
  private var model = HoldModel(rows: 1, seats: 12)
  private var step = 0

  init(_ database: Database, seed: UInt64, isStrict: Bool = false) throws {
    self.database = database
    self.isStrict = isStrict
    self.seed = seed
    generator = HoldGenerator(
      seed: seed,
      kinds: [.lock, .lock, .lock, .lock, .release, .release, .release, .confirm],
      tickets: model.tickets, carts: Self.carts)
    generator.shoppers = Self.shoppers
    Database.secrets.withLock { $0.formUnion(generator.texts) }
    try database.run("TRUNCATE tickets, tickets_blocked, holdfast_sales")
    try database.sell(model.tickets)
  }

  mutating func run(steps: Int) throws {
    while step < steps {
      step += 1
      switch Int.random(in: 0..<10, using: &generator.random) {
      case 0: try change(HoldGenerator.putOnSale)
      case 1: try change(generator.sale())
      case ..<4: try change(generator.lapse())
      default: try commit()
      }
    }
  }

  private mutating func change(_ sql: String) throws {
    try database.run(sql)
    model = model.reading(try database.holdRows())
  }

  private mutating func commit() throws {
    // Few of each meet more often in one batch.
    generator.carts = [nil] + Self.carts.shuffled(using: &generator.random).prefix(2)
    generator.tickets = Array(model.tickets.shuffled(using: &generator.random).prefix(6))
    let operations = (0..<Int.random(in: 1...8, using: &generator.random)).map { _ in
      generator.operation(on: model)
    }
    let before = model
    // Most sites have no limit; a batch has the one of its instance.
    model.limit = [0, 0, 3, 5].randomElement(using: &generator.random) ?? 0
    let commit = try database.commit(operations, isStrict: isStrict, heldTicketLimit: model.limit)
    for (operation, verdict) in zip(operations, commit.verdicts) {
      let expected = try model.apply(operation, now: commit.decidedAt)
      guard verdict == .decided(expected) else {
        throw difference("\(operation)", before, operations, expected: expected, found: verdict)
      }
    }
    let found = model.reading(try database.holdRows())
    guard commit.verdicts.count == operations.count, found == model else {
      throw difference("the tables", before, operations, expected: model, found: found)
    }
  }

  private func difference(
    _ what: String, _ before: HoldModel, _ operations: [HoldOperation], expected: Any, found: Any
  ) -> HoldModel.Difference {
    HoldModel.Difference(
      """
      HOLDFAST_TEST_SEED=\(seed), step \(step): \(what), of \(operations), limit \(model.limit),
      holds \(before.holds)
      expected \(expected)
      found    \(found)
      """)
  }
}
