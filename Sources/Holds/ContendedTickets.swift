/// Tickets on which somebody else's transaction was just found to sit, so that for a while nobody
/// need find out again at the cost of a wait that holds everybody up.
public struct ContendedTickets<Time: Comparable> {
  private let limit: Int
  private var untilTimes: [String: Time] = [:]

  /// - Parameter limit: Tickets remembered at once, at most; past it further ones are not.
  public init(limit: Int) { self.limit = limit }

  /// Remembers the tickets until `time`.
  public mutating func insert(_ ticketIDs: [String], until time: Time, now: Time) {
    untilTimes = untilTimes.filter { $0.value > now }
    for ticketID in ticketIDs where untilTimes.count < limit { untilTimes[ticketID] = time }
  }

  /// True when one of the tickets is remembered.
  public func contains(anyOf ticketIDs: [String], now: Time) -> Bool {
    guard !untilTimes.isEmpty else { return false }
    return ticketIDs.contains { ticketID in untilTimes[ticketID].map { $0 > now } ?? false }
  }
}

extension ContendedTickets: Sendable where Time: Sendable {}
