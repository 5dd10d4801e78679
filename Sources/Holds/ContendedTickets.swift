/// Tickets on which somebody else's transaction was just found to sit, so that for a while nobody
/// need find out again at the cost of a wait that holds everybody up.
///
/// After a first wait in vain, which may just have been a slow commit, requests for the ticket pause;
/// after a second one they are refused.
public struct ContendedTickets<Time: Comparable> {
  /// What becomes of a request for some tickets.
  public enum Advice: Equatable {
    /// None of them is known to be contended.
    case goAhead

    /// It is to be tried again then.
    case pause(until: Time)

    /// It is to be refused; what is in the queue already is to be tried again then.
    case refuse(until: Time)
  }

  fileprivate struct Mark {
    var pausedUntil: Time
    var refusedUntil: Time?
    var rememberedUntil: Time
  }

  private let limit: Int
  private var marks: [String: Mark] = [:]

  /// - Parameter limit: Tickets remembered at once, at most; past it further ones are not.
  public init(limit: Int) { self.limit = limit }

  /// Remembers tickets for which a wait was in vain.
  ///
  /// - Parameters:
  ///   - pausedUntil: How long their requests pause, if it was the first wait.
  ///   - refusedUntil: How long they are refused, if it was not.
  ///   - rememberedUntil: Until when a further wait in vain counts as the next.
  public mutating func insert(
    _ ticketIDs: [String], now: Time, pausedUntil: Time, refusedUntil: Time, rememberedUntil: Time
  ) {
    marks = marks.filter { $0.value.rememberedUntil > now }
    for ticketID in ticketIDs where marks[ticketID] != nil || marks.count < limit {
      let isFirst = marks[ticketID] == nil
      marks[ticketID] = Mark(
        pausedUntil: pausedUntil, refusedUntil: isFirst ? nil : refusedUntil,
        rememberedUntil: rememberedUntil)
    }
  }

  /// What becomes of a request for these tickets.
  public func advice(for ticketIDs: [String], now: Time) -> Advice {
    guard !marks.isEmpty else { return .goAhead }
    let found = ticketIDs.compactMap { marks[$0] }
    if let end = found.compactMap(\.refusedUntil).filter({ $0 > now }).max() {
      return .refuse(until: end)
    }
    guard let end = found.map(\.pausedUntil).filter({ $0 > now }).max() else { return .goAhead }
    return .pause(until: end)
  }
}

extension ContendedTickets: Sendable where Time: Sendable {}
extension ContendedTickets.Mark: Sendable where Time: Sendable {}
extension ContendedTickets.Advice: Sendable where Time: Sendable {}
