import Holds
import TestSupport
import Testing

@testable import HoldStore

extension ServerSuites {
  /// Random histories with best available tickets in them, against a model that tries everything.
  @Suite struct BestHistoryTests {
    private let database: Database

    init() throws {
      database = try Database()
      try database.addVenue(rows: 4, seats: 6)
    }

    @Test(arguments: [false, true])
    func everyChoiceIsLegal(withSQL: Bool) throws {
      print("HOLDFAST_TEST_SEED=\(SeededGenerator.seed) replays these choices")
      var model = HoldModel(rows: 4, seats: 6)
      var generator = HoldGenerator(
        seed: SeededGenerator.seed,
        kinds: [.best, .best, .best, .best, .lock, .lock, .release, .release, .release],
        tickets: model.tickets, carts: [nil, "cart-of-the-first-1", "cart-of-the-other-2"])
      generator.lengths = [600]
      Database.secrets.withLock { $0.formUnion(generator.texts) }
      try HoldStore.run(.patient(database.conninfo)) { store throws in
        // From here on the book knows whose holds they are.
        _ = try store.outcome(.best(1, zone: "none"))
        for _ in 0..<400 {
          let number = Int.random(in: 0..<20, using: &generator.random)
          if withSQL, number < 5 {
            try database.run(number < 3 ? generator.sale() : generator.lapse())
            model = model.reading(try database.holdRows())
            continue
          }
          let operation = generator.operation(on: model)
          let start = try database.integer(HoldModel.clock)
          let outcome = try store.outcome(operation)
          let window = start...(try database.integer(HoldModel.clock))
          // The book does not know of what is changed beside the service.
          if !withSQL, case .lockBest(let request) = operation,
            let best = model.best(request, now: start)
          {
            try #require(outcome.chosen == best, "\(request) in \(model)")
          }
          try model.follow(
            operation, in: window, to: database.holdRows(), chosen: outcome.chosen ?? []
          ) { $0 == outcome }
        }
      }
    }
  }
}
