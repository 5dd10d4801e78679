/// Looks in what clients saw for anything that an exclusive, all-or-nothing lock cannot explain.
struct HistoryChecker {
  private struct Hold {
    let attempt: Int
    let time: ClosedRange<Double>
  }

  private let attempts: [Attempt]
  private var certain: [String: [Hold]] = [:]
  private var possible: [String: [Hold]] = [:]
  private var releases: [String: [ClosedRange<Double>]] = [:]

  init(_ attempts: [Attempt]) {
    self.attempts = attempts
    for attempt in attempts {
      guard let start = attempt.releaseStart, let finish = attempt.releaseFinish else { continue }
      for ticket in attempt.tickets { releases[ticket, default: []].append(start...finish) }
    }
    for (index, attempt) in attempts.enumerated() {
      for ticket in attempt.tickets {
        if let time = attempt.certain.flatMap({ clipped($0, of: attempt, ticket) }) {
          certain[ticket, default: []].append(Hold(attempt: index, time: time))
        }
        if let time = attempt.possible {
          possible[ticket, default: []].append(Hold(attempt: index, time: time))
        }
      }
    }
  }

  /// What is wrong, a line each.
  var violations: [String] { doubleGrants + wrongAnswers }

  /// Tickets that two had at the same moment.
  var doubleGrants: [String] {
    certain.flatMap { ticket, holds -> [String] in
      var last: Hold?
      return holds.sorted { $0.time.lowerBound < $1.time.lowerBound }.compactMap { hold in
        defer { if hold.time.upperBound > last?.time.upperBound ?? 0 { last = hold } }
        guard let last, last.time.upperBound > hold.time.lowerBound else { return nil }
        return "\(ticket): \(attempts[hold.attempt]) while held by \(attempts[last.attempt])"
      }
    }
  }

  /// Refusals without a reason, reasons that were left out, and grants of what was held throughout.
  var wrongAnswers: [String] {
    attempts.indices.flatMap { index -> [String] in
      let attempt = attempts[index]
      switch attempt.outcome {
      case .unknown: return []
      case .granted:
        return attempt.tickets.filter { isHeldThroughout(attempt, $0, except: index) }
          .map { "\($0): granted while held: \(attempt)" }
      case .refused(let unavailable):
        let unfounded = unavailable.filter { !mayBeHeld(during: attempt, $0, except: index) }
        let missing = attempt.tickets.filter {
          !unavailable.contains($0) && isHeldThroughout(attempt, $0, except: index)
        }
        return unfounded.map { "\($0): refused while free: \(attempt)" }
          + missing.map { "\($0): not said to be held: \(attempt)" }
          + (unavailable.isEmpty ? ["refused without a ticket: \(attempt)"] : [])
          + (unavailable == attempt.tickets.filter(unavailable.contains)
            ? [] : ["not in the request's order: \(attempt)"])
      }
    }
  }

  /// A hold without an owner is released by anybody's release of the ticket, as in the original: also
  /// by one that came too late for the hold that it was meant for. One that began before the hold's
  /// answer may have been sooner than the answer: then nothing is certain.
  private func clipped(
    _ time: ClosedRange<Double>, of attempt: Attempt, _ ticket: String
  ) -> ClosedRange<Double>? {
    guard attempt.holdID == nil else { return time }
    let first = (releases[ticket] ?? [])
      .filter { $0.upperBound >= attempt.start && $0.lowerBound <= time.upperBound }
      .map(\.lowerBound).min()
    let end = min(time.upperBound, first ?? .infinity)
    return time.lowerBound < end ? time.lowerBound...end : nil
  }

  private func isHeldThroughout(_ attempt: Attempt, _ ticket: String, except own: Int) -> Bool {
    (certain[ticket] ?? []).contains {
      $0.attempt != own && $0.time.lowerBound < attempt.start && attempt.finish < $0.time.upperBound
    }
  }

  private func mayBeHeld(during attempt: Attempt, _ ticket: String, except own: Int) -> Bool {
    (possible[ticket] ?? []).contains {
      $0.attempt != own && $0.time.lowerBound <= attempt.finish
        && attempt.start <= $0.time.upperBound
    }
  }
}
