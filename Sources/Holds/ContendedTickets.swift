/// Tickets that another session's transaction keeps locked, as recent waits have shown.
///
/// A wait for such a ticket delays the whole batch, so requests for it do not wait again for a while.
/// After a first wait they pause, because the other transaction may only be slow to commit. When waits
/// have failed for some time they are refused.
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
    /// From when on another failed wait has requests refused.
    var patientUntil: Time
    var pausedUntil: Time
    var refusedUntil: Time?
    var rememberedUntil: Time
  }

  private let limit: Int
  private var marks: [ExactText: Mark] = [:]

  /// - Parameter limit: Tickets remembered at once, at most; past it further ones are not.
  public init(limit: Int) { self.limit = limit }

  /// True when it knows of none.
  public var isEmpty: Bool { marks.isEmpty }

  /// Remembers tickets for which a wait has failed.
  ///
  /// - Parameters:
  ///   - pausedUntil: How long their requests pause.
  ///   - refusedUntil: How long their requests are refused. After a first failed wait: how long they
  ///     are not refused yet.
  ///   - rememberedUntil: When the tickets are forgotten; a failed wait then counts as the first again.
  public mutating func insert(
    _ ticketIDs: [String], now: Time, pausedUntil: Time, refusedUntil: Time, rememberedUntil: Time
  ) {
    marks = marks.filter { $0.value.rememberedUntil > now }
    for ticketID in ticketIDs.lazy.map({ ExactText($0) })
    where marks[ticketID] != nil || marks.count < limit {
      let patientUntil = marks[ticketID]?.patientUntil ?? refusedUntil
      marks[ticketID] = Mark(
        patientUntil: patientUntil, pausedUntil: pausedUntil,
        refusedUntil: now < patientUntil ? nil : refusedUntil, rememberedUntil: rememberedUntil)
    }
  }

  /// Forgets tickets that no other transaction keeps locked any longer.
  public mutating func remove(_ ticketIDs: [String]) {
    for ticketID in ticketIDs { marks[ExactText(ticketID)] = nil }
  }

  /// These tickets, those first that it remembers, which are the likeliest to be contended still.
  public func rememberedFirst(_ ticketIDs: [String]) -> [String] {
    let remembered = ticketIDs.filter { marks[ExactText($0)] != nil }
    return remembered + ticketIDs.filter { marks[ExactText($0)] == nil }
  }

  /// Whether it was told of these tickets together the last time, and not of one of them.
  public func wereInsertedTogether(_ ticketIDs: [String]) -> Bool {
    let first = ticketIDs.first.flatMap { marks[ExactText($0)] }
    return first != nil
      && ticketIDs.allSatisfy { marks[ExactText($0)]?.pausedUntil == first?.pausedUntil }
  }

  /// What becomes of a request for these tickets.
  public func advice(for ticketIDs: [String], now: Time) -> Advice {
    guard !marks.isEmpty else { return .goAhead }
    let found = ticketIDs.compactMap { marks[ExactText($0)] }
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
