import Holds

/// What a cache says, in short.
extension SeatMapCacheTests {
  typealias Cache = SeatMapCache<String, Int>

  /// What was answered, as `waiter: tag` or the like.
  static func shown(_ answers: Cache.Answers) -> [String] {
    answers.map { "\($0.waiter): \(shown($0.outcome))" }.sorted()
  }

  static func shown(_ result: Cache.ReadResult?) -> String {
    switch result {
    case .found(let document, let second): "\(document.tag)@\(second)"
    case .notFound: "not found"
    case .failed(let failure): "\(failure)"
    case nil: "waits"
    }
  }

  static func shown(_ work: Cache.Work?) -> String {
    switch work {
    case .look(let eventIDs): "look " + eventIDs.map(\.text).sorted().joined(separator: " ")
    case .read(let eventID, let withLayout): "read \(eventID.text)" + (withLayout ? " whole" : "")
    case nil: "nothing"
    }
  }
}
