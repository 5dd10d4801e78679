/// Whose turn it is, where each key has a queue of its own: a lane.
///
/// It knows no thread, clock or database: its caller reports what happened, and it answers what is to be
/// done. Lanes take turns in the order in which they got work, and each has one turn at a time, so that
/// what comes meanwhile shares the key's next commit.
///
/// A lane is doubtful from when its server has not answered until it has. As long as one is, nothing
/// is sent for a lane whose server may be the same: first the server is asked something that changes
/// nothing, for one lane at a time, so that a server that is away or hangs holds up one committer.
public struct LaneTurns<Key: Hashable & Sendable, Time: Comparable & Sendable>: Sendable {
  /// One lane's turn.
  public struct Turn: Sendable, Equatable {
    /// The lane's key.
    public let key: Key

    /// Whether its server is to be asked first.
    public let isProbe: Bool

    /// Creates a turn.
    public init(key: Key, isProbe: Bool) {
      self.key = key
      self.isProbe = isProbe
    }
  }

  /// When a lane wants its next turn.
  public enum Next: Sendable, Equatable {
    /// As soon as it is its turn.
    case now

    /// Not before this time, unless something comes.
    case at(Time)

    /// When something comes.
    case whenWoken
  }

  private struct Lane {
    var isBusy = false
    var isReady = false
    var wasWoken = false
    var due: Time?
    var isDoubtful = false
    var answeredAt: Time?
  }

  private var lanes: [Key: Lane] = [:]
  private var ready: [Key] = []
  private var doubtfulCount = 0

  /// When the last call began that was not answered.
  private var doubtBegan: Time?

  /// The lane whose server is being asked.
  private var probing: Key?

  /// No lanes.
  public init() {}

  /// How many lanes there are.
  public var count: Int { lanes.count }

  /// Gives a lane a turn: something has come for it. A doubtful one waits on.
  ///
  /// - Returns: Whether a committer is to be woken.
  public mutating func wake(_ key: Key) -> Bool {
    var lane = lanes[key] ?? Lane()
    defer { lanes[key] = lane }
    guard !lane.isBusy else {
      lane.wasWoken = true
      return false
    }
    guard !lane.isReady, !(lane.isDoubtful && lane.due != nil) else { return false }
    lane.isReady = true
    lane.due = nil
    ready.append(key)
    return true
  }

  /// Begins the next turn; nil when no lane can have one now.
  public mutating func next(now: Time) -> Turn? {
    for (key, lane) in lanes where lane.due.map({ $0 <= now }) ?? false { makeReady(key) }
    let place = ready.firstIndex { probing == nil || !needsProbe($0) }
    guard let place else { return nil }
    let key = ready.remove(at: place)
    let isProbe = needsProbe(key)
    if isProbe { probing = key }
    lanes[key]?.isReady = false
    lanes[key]?.isBusy = true
    return Turn(key: key, isProbe: isProbe)
  }

  /// When a lane wants a turn by itself; nil when none does.
  public var nextTime: Time? { lanes.values.lazy.compactMap(\.due).min() }

  /// The server of a lane whose turn it is has answered what was asked then.
  public mutating func answered(_ key: Key, askedAt time: Time) {
    if probing == key { probing = nil }
    guard var lane = lanes[key] else { return }
    lane.answeredAt = time
    if lane.isDoubtful {
      lane.isDoubtful = false
      doubtfulCount -= 1
      // The others may be of the same server.
      let others = lanes.filter { $0.value.isDoubtful && $0.value.due != nil }.keys
      for other in others { makeReady(other) }
    }
    lanes[key] = lane
  }

  /// It has not answered what was asked then.
  public mutating func unanswered(_ key: Key, askedAt time: Time) {
    if probing == key { probing = nil }
    guard let isDoubtful = lanes[key]?.isDoubtful, !isDoubtful else { return }
    lanes[key]?.isDoubtful = true
    doubtfulCount += 1
    doubtBegan = doubtBegan.map { max($0, time) } ?? time
  }

  /// Ends a turn.
  public mutating func end(_ turn: Turn, next: Next) {
    guard var lane = lanes[turn.key] else { return }
    lane.isBusy = false
    let isWanted = next == .now || (lane.wasWoken && !lane.isDoubtful)
    lane.wasWoken = false
    if isWanted {
      lane.isReady = true
      ready.append(turn.key)
    } else if case .at(let time) = next {
      lane.due = time
    }
    lanes[turn.key] = lane
  }

  /// Forgets a lane that has nothing to do and no turn, unless it is the only doubtful one, by which
  /// it is seen when the server is back.
  ///
  /// - Returns: Whether it is forgotten.
  public mutating func forget(_ key: Key) -> Bool {
    guard let lane = lanes[key], !lane.isBusy else { return false }
    if lane.isDoubtful {
      guard doubtfulCount > 1 else { return false }
      doubtfulCount -= 1
    }
    if lane.isReady { ready.removeAll { $0 == key } }
    lanes[key] = nil
    return true
  }

  private mutating func makeReady(_ key: Key) {
    lanes[key]?.due = nil
    lanes[key]?.isReady = true
    ready.append(key)
  }

  private func needsProbe(_ key: Key) -> Bool {
    guard let lane = lanes[key], doubtfulCount > 0 else { return false }
    guard !lane.isDoubtful, let doubtBegan, let answeredAt = lane.answeredAt else { return true }
    return answeredAt < doubtBegan
  }
}
