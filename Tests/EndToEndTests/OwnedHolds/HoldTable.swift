import Foundation
import TestSupport
import Threads

/// The two tables as the model sees them, and what a history does to them by SQL.
struct HoldTable {
  let database: Database

  static let tickets = (0..<HoldModel.ticketCount).map { "O-\($0)" }
  static let owners = (0..<HoldModel.ownerCount).map { "the-hold-id-of-owner-\($0)" }

  /// The event whose tickets they are.
  static let event = "O"

  /// What the table has in place of the owners' hold ids.
  private static let keys = Monitor<[String: String]>([:])

  /// What the table has in place of the members of calls for the best available tickets.
  private static let choices = Monitor<[String: HoldModel.BestCall]>([:])

  /// Microseconds since 1970, of the database's clock.
  private static func microseconds(_ value: String) -> String {
    "(extract(epoch FROM \(value)) * 1000000)::bigint"
  }

  func clear() throws {
    let values = Self.tickets.enumerated().map { number, ticket in
      let (row, seat) = number.quotientAndRemainder(dividingBy: HoldModel.seatsInRow)
      return "('\(ticket)', '\(Self.event)', 'A', '\(row)', '\(seat)')"
    }.joined(separator: ",")
    try database.run(
      """
      TRUNCATE tickets_blocked; DELETE FROM tickets WHERE ticket_id LIKE 'O-%';
      INSERT INTO tickets (ticket_id, event_id, zone, seat_row, seat_id) VALUES \(values);
      """)
  }

  /// Makes every call once, to know them by what the table has of them.
  func learnChoices(by http: HTTPConnection) throws {
    guard Self.choices.withLock({ $0.isEmpty }) else { return }
    for owner in 0..<HoldModel.ownerCount {
      for quantity in 1...4 {
        for mustBeAdjacent in [true, false] {
          let call = HoldModel.BestCall(
            owner: owner, quantity: quantity, mustBeAdjacent: mustBeAdjacent)
          let response = try http.lockBest(call, seconds: 600)
          let keys = try database.column(
            "SELECT DISTINCT encode(choice_key, 'hex') FROM tickets_blocked")
          guard response.status == 200, keys.count == 1,
            Self.choices.withLock({ $0.updateValue(call, forKey: keys[0]) }) == nil
          else { throw Failure("\(call): \(response.body), \(keys)") }
          try database.run("TRUNCATE tickets_blocked")
        }
      }
    }
  }

  func now() throws -> Int {
    try database.count("SELECT \(Self.microseconds("clock_timestamp()"))")
  }

  func model() throws -> HoldModel {
    var model = HoldModel()
    let keys = try Self.keys.withLock { keys in
      if keys.isEmpty { keys = try database.keys(of: Self.owners) }
      return keys
    }
    let rows = try database.run(
      """
      SELECT t.ticket_id, t.status, encode(b.hold_key, 'hex'), \(Self.microseconds("b.locked_up")),
             \(Self.microseconds("b.date_created")), encode(b.choice_key, 'hex')
        FROM tickets t LEFT JOIN tickets_blocked b USING (ticket_id) WHERE ticket_id LIKE 'O-%'
      """)
    for row in rows {
      let ticket = Self.tickets.firstIndex(of: row[0] ?? "") ?? 0
      model.isSold[ticket] = row[1] == "f"
      guard let end = row[3].flatMap({ Int($0) }), let beginning = row[4].flatMap({ Int($0) })
      else { continue }
      let owner = row[2].map { key in Self.owners.firstIndex { keys[$0] == key } ?? -1 }
      let choice = try row[5].map { key in
        guard let call = Self.choices.withLock({ $0[key] }) else {
          throw Failure("\(row): chosen by a call that nobody made")
        }
        return call
      }
      model.holds[ticket] = HoldModel.Hold(
        owner: owner, end: end, beginning: beginning, choice: choice)
    }
    return model
  }

  /// An order id that was not used before.
  static func newOrder() -> String { "order-\(UInt64.random(in: 0 ... .max))" }

  /// Runs a step that is none of the service's.
  func apply(_ step: ModelStep) throws {
    func list(_ tickets: [Int]) -> String {
      "(" + tickets.map { "'\(Self.tickets[$0])'" }.joined(separator: ",") + ")"
    }
    switch step {
    case .expire(let tickets):
      try database.run(
        """
        UPDATE tickets_blocked SET locked_up = clock_timestamp() - interval '1 ms'
         WHERE ticket_id IN \(list(tickets))
        """)
    case .age(let tickets, let seconds):
      try database.run(
        """
        UPDATE tickets_blocked SET date_created = date_created - interval '\(seconds) s'
         WHERE ticket_id IN \(list(tickets))
        """)
    case .sell(let ticket, let deletesHold):
      if deletesHold {
        try database.run("DELETE FROM tickets_blocked WHERE ticket_id = '\(Self.tickets[ticket])'")
      }
      try database.run(
        "UPDATE tickets SET status = false WHERE ticket_id = '\(Self.tickets[ticket])'")
    case .takeBack(let ticket):
      try database.run(
        "UPDATE tickets SET status = true WHERE ticket_id = '\(Self.tickets[ticket])'")
    case .lock, .release, .confirm, .best, .sweep: break
    }
  }
}

extension HTTPConnection {
  func lockBest(_ call: HoldModel.BestCall, seconds: Int) throws -> HTTPResponse {
    try lockBest(
      call.quantity, of: HoldTable.event, isAdjacent: call.mustBeAdjacent,
      seconds: Double(seconds), holdID: call.owner.map { HoldTable.owners[$0] })
  }
}

extension HoldModel.BestAnswer {
  /// Reads an answer; throws when it is none of a call for the best available tickets.
  init(_ response: HTTPResponse) throws {
    let data = response.data
    switch (response.status, data["free"] as? Int, data["held"] as? Int) {
    case (200, nil, nil):
      self = .chosen(response.tickets.map { HoldTable.tickets.firstIndex(of: $0) ?? -1 })
    case (400, let free?, nil): self = .notEnough(free: free)
    case (400, nil, let held?): self = .overLimit(held: held)
    default: throw Failure(response.body)
    }
  }
}
