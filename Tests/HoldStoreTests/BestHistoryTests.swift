import Holds
import TestSupport
import Testing

@testable import HoldStore

extension ServerSuites {
  /// Random histories with best available tickets in them, against a model that tries everything.
  @Suite struct BestHistoryTests {
    private static let rows = 4
    private static let seats = 6
    private static let carts = ["cart-of-the-first-1", "cart-of-the-other-2"]

    private let database: Database

    init() throws {
      database = try Database()
      try database.addVenue(rows: Self.rows, seats: Self.seats)
    }

    private static let tickets = (0..<rows * seats).map { seat in
      "E1-A-\(seat / seats + 1)-\(seat % seats + 1)"
    }

    /// What is free in the database.
    private func model() throws -> SeatModel {
      let free = Set(
        try database.texts(
          """
          SELECT ticket_id FROM tickets t
           WHERE status AND NOT EXISTS (
             SELECT FROM tickets_blocked b
              WHERE b.ticket_id = t.ticket_id AND locked_up > clock_timestamp())
          """))
      return SeatModel(
        rows: (0..<Self.rows).map { $0 * Self.seats..<($0 + 1) * Self.seats },
        isFree: Self.tickets.map { free.contains($0) })
    }

    /// The tickets that a call chose before; what was sold beside its hold cannot be held again.
    private func earlier(_ request: BestRequest) throws -> Set<String> {
      guard let key = ChoiceKey(request) else { return [] }
      let result = try database.connection.query(
        """
        SELECT ticket_id FROM tickets_blocked JOIN tickets USING (ticket_id)
         WHERE choice_key = sha256(convert_to($1::text, 'UTF8')) AND status
           AND locked_up > clock_timestamp()
        """, [.text(key.text)], deadline: Database.patience)
      return Set((0..<result.rowCount).map { result.text(row: $0, column: 0) })
    }

    /// What is wrong with the outcome of a call; nil if nothing is.
    private func problem(
      _ outcome: HoldOutcome, of request: BestRequest, before: SeatModel, earlier: Set<String>,
      mustBeBest: Bool
    ) -> String? {
      let best = before.choice(request.quantity, mustBeAdjacent: request.mustBeAdjacent)
      let free = before.isFree.filter(\.self).count
      switch outcome {
      case .notEnough(let told):
        if told != free { return "\(told) free, not \(free)" }
        return best == nil || !earlier.isEmpty ? nil : "refused"
      case .chosen(let ticketIDs, _):
        let seats = ticketIDs.compactMap { Self.tickets.firstIndex(of: $0) }
        // More, when what the call chose was sold beside its hold, replaced, and taken back.
        let quantity = max(request.quantity, earlier.count)
        guard seats.count == quantity, seats == Array(Set(seats)).sorted() else {
          return "\(ticketIDs) are not \(quantity) in their order"
        }
        let isLegal = zip(seats, ticketIDs).allSatisfy {
          before.isFree[$0] || earlier.contains($1)
        }
        if !isLegal { return "\(ticketIDs) were not free" }
        if !earlier.isSubset(of: ticketIDs) { return "\(earlier) were not kept in \(ticketIDs)" }
        // What is only renewed stays as it is.
        if earlier.count == quantity { return nil }
        let isOneRow = Set(seats.map { $0 / Self.seats }).count == 1
        if request.mustBeAdjacent, !isOneRow || seats.last! - seats[0] != seats.count - 1 {
          return "\(ticketIDs) are no neighbours"
        }
        guard mustBeBest, earlier.isEmpty else { return nil }
        return seats == best ? nil : "\(ticketIDs) is not the best, \(best ?? [])"
      default: return "\(outcome)"
      }
    }

    @Test(arguments: [false, true])
    func everyChoiceIsLegal(withSQL: Bool) throws {
      try run(withSQL: withSQL, seed: SeededGenerator.seed)
    }

    private func run(withSQL: Bool, seed: UInt64) throws {
      var generator = SeededGenerator(seed: seed)
      func tickets(_ most: Int) -> [String] {
        Array(
          Self.tickets.shuffled(using: &generator).prefix(.random(in: 1...most, using: &generator)))
      }
      func list(_ tickets: [String]) -> String {
        tickets.map { "'\($0)'" }.joined(separator: ",")
      }
      try HoldStore.run(.patient(database.conninfo)) { store throws in
        // From here on the book knows whose holds they are.
        _ = try store.outcome(.best(1, zone: "none"))
        for step in 0..<400 {
          let cart = [nil, Self.carts[0], Self.carts[1]].randomElement(using: &generator) ?? nil
          let holdID = cart.map { HoldID($0) }
          switch Int.random(in: 0..<100, using: &generator) {
          case ..<40:
            let request = BestRequest(
              eventID: "E1", quantity: .random(in: 1...5, using: &generator),
              mustBeAdjacent: .random(using: &generator), reservedSeconds: 600, holdID: holdID)
            let (before, earlier) = (try model(), try earlier(request))
            let outcome = try store.outcome(.lockBest(request))
            let problem = problem(
              outcome, of: request, before: before, earlier: earlier, mustBeBest: !withSQL)
            let place = "step \(step), seed \(seed): \(request) in \(before)"
            try #require(problem == nil, "\(problem ?? ""); \(place)")
          case ..<60:
            _ = try store.outcome(
              .lock(LockRequest(ticketIDs: tickets(3), reservedSeconds: 600, holdID: holdID)))
          case ..<90 where !withSQL, ..<75:
            _ = try store.outcome(
              .release(ReleaseRequest(ticketIDs: tickets(20), holdID: holdID)))
          case ..<85 where withSQL:
            try database.run(
              """
              UPDATE tickets_blocked SET locked_up = clock_timestamp() - interval '1 ms'
               WHERE ticket_id IN (\(list(tickets(6))))
              """)
          case ..<92 where withSQL:
            try database.run(
              "UPDATE tickets SET status = false WHERE ticket_id IN (\(list(tickets(2))))")
          default:
            if withSQL { try database.run("UPDATE tickets SET status = true") }
          }
        }
      }
    }
  }
}
