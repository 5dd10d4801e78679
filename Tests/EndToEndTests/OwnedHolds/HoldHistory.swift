import Foundation
import Testing

/// A random history, step by step, compared with the model: answers, and rows to the microsecond.
struct HoldHistory {
  let http: HTTPConnection
  let table: HoldTable

  /// Does one step; tells what differs from the model, nil if nothing does.
  func perform(_ step: ModelStep) throws -> String? {
    let model = try table.model()
    let start = try table.now()
    switch step {
    case .lock(let owner, let tickets, let seconds):
      let names = tickets.map { HoldTable.tickets[$0] }
      let response = try http.lock(
        names, seconds: Double(seconds), holdID: owner.map { HoldTable.owners[$0] }, details: true)
      let found = try table.model()
      let window = start...(try table.now())
      // The clock that it was decided by shows in what was written; else any in the window will do.
      let times = decisionTimes(found, tickets, seconds, window)
      var differences: [String] = []
      for now in times {
        var expected = model
        let outcome = expected.lock(owner: owner, tickets: tickets, seconds: seconds, now: now)
        let answer = answerDifference(response, outcome, tickets, owner, window)
        if expected == found, answer == nil { return nil }
        differences.append(answer ?? "the table is \(found), expected \(expected)")
      }
      return differences.first
    case .best(let call, let seconds):
      let response = try http.lockBest(call, seconds: seconds)
      let answer = try HoldModel.BestAnswer(response)
      let found = try table.model()
      let window = start...(try table.now())
      var differences: [String] = []
      for now in decisionTimes(found, answer.tickets, seconds, window) {
        var expected = model
        let problem =
          expected.lockBest(call, seconds: seconds, now: now, told: answer)
          ?? bodyDifference(response, answer, expected, call.owner, window)
        if problem == nil, expected == found { return nil }
        differences.append(problem ?? "the table is \(found), expected \(expected)")
      }
      return differences.first.map { "\($0); answered \(response.body)" }
    case .release(let owner, let tickets):
      let names = tickets.map { HoldTable.tickets[$0] }
      let response = try http.release(names, holdID: owner.map { HoldTable.owners[$0] })
      var expected = model
      expected.release(owner: owner, tickets: tickets)
      return try difference(response.body, Answer.released, expected)
    case .confirm(let owner, let tickets):
      let names = tickets.map { HoldTable.tickets[$0] }
      let order = HoldTable.newOrder()
      let holdID = owner.map { HoldTable.owners[$0] }
      let response = try http.confirm(names, order: order, holdID: holdID)
      var expected = model
      let refused = expected.confirm(owner: owner, tickets: tickets, now: start)
        .map { HoldTable.tickets[$0] }
      let answer = refused.isEmpty ? Answer.sold(names, order: order) : Answer.refused(refused)
      if let difference = try difference(response.body, answer, expected) { return difference }
      guard refused.isEmpty else { return nil }
      let again = try http.confirm(names.reversed(), order: order, holdID: holdID)
      return try difference(again.body, Answer.sold(names.reversed(), order: order), expected)
    case .sweep:
      let response = try http.releaseExpired()
      var expected = model
      expected.sweep(now: start)
      return try difference(response.body, Answer.swept, expected)
    default:
      try table.apply(step)
      return nil
    }
  }

  private func difference(_ body: String, _ expected: String, _ model: HoldModel) throws -> String?
  {
    guard body == expected else { return "answered \(body)" }
    let found = try table.model()
    return found == model ? nil : "the table is \(found), expected \(model)"
  }

  private func decisionTimes(
    _ found: HoldModel, _ tickets: [Int], _ seconds: Int, _ window: ClosedRange<Int>
  ) -> [Int] {
    let holds = tickets.compactMap { found.holds[$0] }
    let times = holds.map(\.beginning) + holds.map { $0.end - seconds * 1_000_000 }
    return times.filter(window.contains) + [window.lowerBound, window.upperBound]
  }

  /// Compares all of an answer that has been found right with what it should have been.
  private func bodyDifference(
    _ response: HTTPResponse, _ answer: HoldModel.BestAnswer, _ model: HoldModel, _ owner: Int?,
    _ window: ClosedRange<Int>
  ) -> String? {
    switch answer {
    case .chosen(let tickets):
      let end = tickets.compactMap { model.holds[$0]?.end }.min() ?? 0
      return answerDifference(response, .granted(earliestEnd: end), tickets, owner, window)
    case .notEnough(let free):
      return response.body == Answer.notEnough(free: free) ? nil : "answered \(response.body)"
    case .overLimit(let held):
      return answerDifference(response, .overLimit(held: held), [], owner, window)
    }
  }

  private func answerDifference(
    _ response: HTTPResponse, _ outcome: HoldModel.Outcome, _ tickets: [Int], _ owner: Int?,
    _ window: ClosedRange<Int>
  ) -> String? {
    let names = tickets.map { HoldTable.tickets[$0] }
    switch outcome {
    case .granted(let end):
      guard let owner else {
        return response.body == Answer.granted(names) ? nil : "answered \(response.body)"
      }
      let data = response.data
      let told = (data["expires_at"] as? String).flatMap {
        try? Date.ISO8601FormatStyle(includingFractionalSeconds: true).parse($0)
      }
      let milliseconds = ((told?.timeIntervalSince1970 ?? 0) * 1000).rounded()
      let left = data["expires_in"] as? Int ?? -1
      let isRight =
        response.status == 200 && data["tickets"] as? [String] == names
        && data["hold_id"] as? String == HoldTable.owners[owner]
        && Int(milliseconds) == end / 1000
        && ((end - window.upperBound) / 1_000_000...(end - window.lowerBound) / 1_000_000)
          .contains(left)
      return isRight ? nil : "answered \(response.body), expected the end \(end)"
    case .overLimit(let held):
      let expected = Answer.overLimit(HoldModel.limit, held: held)
      return response.body == expected ? nil : "answered \(response.body), expected \(expected)"
    case .refused(let reasons):
      let unavailable = tickets.filter { reasons[$0] != nil }
      let data = response.data
      let details = data["unavailable"] as? [[String: Any]] ?? []
      let isRight =
        response.status == 400
        && data["nodisponible"] as? [String] == unavailable.map { HoldTable.tickets[$0] }
        && details.count == unavailable.count
        && zip(details, unavailable).allSatisfy { agrees($0, $1, reasons[$1], window) }
      return isRight ? nil : "answered \(response.body), expected \(reasons)"
    }
  }

  private func agrees(
    _ detail: [String: Any], _ ticket: Int, _ reason: HoldModel.Reason?, _ window: ClosedRange<Int>
  ) -> Bool {
    guard detail["ticket_id"] as? String == HoldTable.tickets[ticket] else { return false }
    switch reason {
    case .sold: return detail["reason"] as? String == "sold" && detail["available_in"] is NSNull
    case .held(let hold):
      // Rounded up, by a clock within the window.
      let least = (hold.end - window.upperBound + 999_999) / 1_000_000
      let most = (hold.end - window.lowerBound + 999_999) / 1_000_000
      return detail["reason"] as? String == "held"
        && (detail["available_in"] as? Int).map { (least...most).contains($0) } ?? false
    case nil: return false
    }
  }
}
