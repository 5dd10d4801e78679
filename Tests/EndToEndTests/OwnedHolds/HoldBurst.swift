import Foundation
import TestSupport

/// Requests that are sent at the same moment, and the orders that could explain what came of them.
struct HoldBurst {
  let requests: [ModelStep]

  /// What a client was told.
  enum Told: Equatable {
    case released

    /// Tickets that cannot be had; none when it got what it asked for.
    case unavailable([Int])
    case overLimit(held: Int)
    case best(HoldModel.BestAnswer)
  }

  /// Sends all at once; tells what no order of the requests explains, nil if one does.
  func perform(on site: Site, table: HoldTable, connections: [HTTPConnection]) throws -> String? {
    let before = try table.model()
    let now = try table.now()
    let clients = Confined(connections)
    let answers = try inParallel(requests.count) { index in
      try Self.send(requests[index], on: clients.value[index])
    }
    let after = try table.model()
    let isExplained = Self.orders(of: Array(requests.indices)).contains { order in
      explains(order, from: before, at: now, answers, after)
    }
    return isExplained
      ? nil
      : "no order explains \(zip(requests, answers).map { "\($0): \($1)" }) from \(before) to \(after)"
  }

  private static func send(_ request: ModelStep, on http: HTTPConnection) throws -> Told {
    switch request {
    case .lock(let owner, let tickets, let seconds):
      let response = try http.lock(
        tickets.map { HoldTable.tickets[$0] }, seconds: Double(seconds),
        holdID: owner.map { HoldTable.owners[$0] })
      if response.status == 200 { return .unavailable([]) }
      if let held = response.data["held"] as? Int { return .overLimit(held: held) }
      let names = response.data["nodisponible"] as? [String] ?? []
      guard response.status == 400, !names.isEmpty else { throw Failure(response.body) }
      return .unavailable(names.map { HoldTable.tickets.firstIndex(of: $0) ?? -1 })
    case .best(let call, let seconds):
      return .best(try HoldModel.BestAnswer(http.lockBest(call, seconds: seconds)))
    case .release(let owner, let tickets):
      let response = try http.release(
        tickets.map { HoldTable.tickets[$0] }, holdID: owner.map { HoldTable.owners[$0] })
      guard response.body == Answer.released else { throw Failure(response.body) }
      return .released
    case .confirm(let owner, let tickets):
      let names = tickets.map { HoldTable.tickets[$0] }
      let response = try http.confirm(
        names, order: HoldTable.newOrder(), holdID: owner.map { HoldTable.owners[$0] })
      if response.status == 200 { return .unavailable([]) }
      let refused = response.data["nodisponible"] as? [String] ?? []
      guard response.status == 400, !refused.isEmpty else { throw Failure(response.body) }
      return .unavailable(refused.map { HoldTable.tickets.firstIndex(of: $0) ?? -1 })
    default: return .released
    }
  }

  /// Whether the requests in this order give these answers and these owners, and ends that differ by
  /// no more than the clocks that they were decided by.
  private func explains(
    _ order: [Int], from before: HoldModel, at now: Int, _ told: [Told], _ after: HoldModel
  ) -> Bool {
    var model = before
    for index in order {
      switch requests[index] {
      case .lock(let owner, let tickets, let seconds):
        let outcome = model.lock(owner: owner, tickets: tickets, seconds: seconds, now: now)
        let expected: Told =
          switch outcome {
          case .granted: .unavailable([])
          case .refused(let reasons): .unavailable(tickets.filter { reasons[$0] != nil })
          case .overLimit(let held): .overLimit(held: held)
          }
        if told[index] != expected { return false }
      case .best(let call, let seconds):
        guard case .best(let answer) = told[index],
          model.lockBest(call, seconds: seconds, now: now, told: answer) == nil
        else { return false }
      case .confirm(let owner, let tickets):
        let unavailable = model.confirm(owner: owner, tickets: tickets, now: now)
        if told[index] != .unavailable(unavailable) { return false }
      case .release(let owner, let tickets): model.release(owner: owner, tickets: tickets)
      default: break
      }
    }
    let slack = 10_000_000
    guard model.isSold == after.isSold else { return false }
    return zip(model.holds, after.holds).allSatisfy { expected, found in
      guard let expected, let found else { return expected == nil && found == nil }
      return expected.owner == found.owner && expected.choice == found.choice
        && abs(expected.end - found.end) < slack
        && abs(expected.beginning - found.beginning) < slack
    }
  }

  private static func orders(of indices: [Int]) -> [[Int]] {
    guard let first = indices.first else { return [[]] }
    return orders(of: Array(indices.dropFirst())).flatMap { rest in
      (0...rest.count).map { place in
        var order = rest
        order.insert(first, at: place)
        return order
      }
    }
  }
}
