import Holds
import TestSupport

/// A random history, step by step, compared with the model: answers byte for byte, and rows to the
/// microsecond.
struct HoldHistory {
  /// What the site must have for a limit.
  static let limit = 5

  static let carts = (1...8).map { "the-hold-id-of-owner-\($0)" }

  private let http: HTTPConnection
  private let database: Database
  private let query: String
  private(set) var model = HoldModel(rows: 3, seats: 4, limit: limit)
  var generator: HoldGenerator

  init(_ site: Site, seed: UInt64 = SeededGenerator.seed) throws {
    print("HOLDFAST_TEST_SEED=\(SeededGenerator.seed) replays this history")
    http = site.http()
    database = try site.database()
    let kinds: [(HoldGenerator.Kind, Int)] = [(.lock, 7), (.best, 3), (.release, 4), (.confirm, 1)]
    generator = HoldGenerator(
      seed: seed, kinds: kinds.flatMap { Array(repeating: $0, count: $1) },
      tickets: model.tickets, carts: [nil] + Self.carts)
    query = HoldModel.query(knowing: generator.texts)
  }

  mutating func step() throws {
    switch Int.random(in: 0..<100, using: &generator.random) {
    case ..<75: try perform(generator.operation(on: model))
    case ..<77: try sweep()
    case ..<80: try change(generator.sale())
    default: try change()
    }
  }

  /// What is none of the service's: mostly holds come to their end.
  mutating func change() throws {
    switch Int.random(in: 0..<30, using: &generator.random) {
    case 0: try change(generator.sale())
    case ..<4: try change(HoldGenerator.putOnSale)
    default: try change(generator.lapse())
    }
  }

  private mutating func change(_ sql: String) throws {
    try database.run(sql)
    model = model.reading(try database.run(query))
  }

  private mutating func perform(_ operation: HoldOperation) throws {
    let start = try database.count(HoldModel.clock)
    let request = operation.request
    let response = try http.post(request.path, request.body)
    let window = start...(try database.count(HoldModel.clock))
    let rows = try database.run(query)
    do {
      try model.follow(operation, in: window, to: rows, chosen: response.tickets) {
        response.tells($0, of: operation)
      }
    } catch {
      throw HoldModel.Difference("\(request): \(response.body); \(error)")
    }
  }

  private mutating func sweep() throws {
    model.sweep(now: try database.count(HoldModel.clock))
    let response = try http.releaseExpired()
    let found = model.reading(try database.run(query))
    guard response.body == Answer.swept, found == model else {
      throw HoldModel.Difference("sweep: \(response.body), expected \(model), found \(found)")
    }
  }

  /// Sends requests at the same moment; some order of them must explain what came of them.
  mutating func burst(_ operations: [HoldOperation], on connections: [HTTPConnection]) throws {
    let now = try database.count(HoldModel.clock)
    let clients = Confined(connections)
    let responses = try inParallel(operations.count) { index in
      let request = operations[index].request
      return try clients.value[index].post(request.path, request.body)
    }
    let rows = try database.run(query)
    let told = Array(zip(operations, responses))
    let explanations = Self.orders(of: told).lazy.compactMap { [model] order in
      model.explaining(order, by: now, to: rows)
    }
    guard let explanation = explanations.first else {
      throw HoldModel.Difference(
        "no order explains \(told.map { "\($0.request): \($1.body)" }) from \(model) to "
          + "\(model.reading(rows))")
    }
    model = explanation
  }

  private static func orders<Element>(of elements: [Element]) -> [[Element]] {
    guard let first = elements.first else { return [[]] }
    return orders(of: Array(elements.dropFirst())).flatMap { rest in
      (0...rest.count).map { rest[..<$0] + [first] + rest[$0...] }
    }
  }
}

extension HoldModel {
  /// The model after these operations, if they give these answers and rows but for clocks that differ a
  /// little.
  fileprivate func explaining(
    _ told: [(HoldOperation, HTTPResponse)], by now: Int, to rows: [[String?]]
  ) -> HoldModel? {
    var expected = self
    for (operation, response) in told {
      guard let outcome = try? expected.apply(operation, now: now, chosen: response.tickets),
        response.tells(outcome, of: operation, hasTimes: false)
      else { return nil }
    }
    let found = expected.reading(rows)
    for (ticketID, hold) in found.holds {
      guard let own = expected.holds[ticketID],
        max(abs(own.until - hold.until), abs(own.created - hold.created)) < 10_000_000
      else { return nil }
      expected.holds[ticketID]?.until = hold.until
      expected.holds[ticketID]?.created = hold.created
    }
    return expected == found ? found : nil
  }
}
