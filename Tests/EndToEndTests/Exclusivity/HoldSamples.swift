import Foundation
import TestSupport
import Threads

/// The live holds in the table, read again and again while clients are at work.
///
/// Rows that have expired are left out: others may have taken some of a hold's, by the clock after the
/// rows were seen, which is the same for all of them.
final class HoldSamples: Sendable {
  private let seen = Monitor<[String: Set<Set<String>>]>([:])
  private let isEnough = Monitor(false)
  private let thread: Background<Void>

  init(_ site: Site) throws {
    let database = try Confined(site.database())
    thread = Background { [seen, isEnough] in
      while !isEnough.withLock({ $0 }) {
        let rows = try database.value.run(
          """
          WITH clock AS MATERIALIZED (SELECT clock_timestamp() AS now)
          SELECT encode(hold_key, 'hex'), ticket_id FROM tickets_blocked, clock
           WHERE hold_key IS NOT NULL AND locked_up > clock.now
          """)
        let sets = Dictionary(grouping: rows) { $0[0] ?? "" }
          .mapValues { Set($0.map { $0[1] ?? "" }) }
        seen.withLock { seen in for (key, set) in sets { seen[key, default: []].insert(set) } }
        Clock.sleep(0.002)
      }
    }
  }

  /// Ends the sampling, and tells which holds were seen with other tickets than they asked for.
  func partialHolds(of attempts: [Attempt], in database: Database) throws -> [String] {
    isEnough.withLock { $0 = true }
    try thread.value()
    let keys = try database.keys(of: attempts.compactMap(\.holdID))
    return seen.withLock { seen in
      attempts.compactMap { attempt in
        guard let key = attempt.holdID.flatMap({ keys[$0] }), let sets = seen[key] else {
          return nil
        }
        if case .refused = attempt.outcome { return "refused, and in the table: \(attempt)" }
        return sets == [Set(attempt.tickets)] ? nil : "partial: \(sets) of \(attempt)"
      }
    }
  }

  var count: Int { seen.withLock { $0.count } }
}
