/// Whose turn it is, where each key has a queue of its own: a lane.
///
/// It knows no thread, clock or database: its caller reports what happened, and it answers what is to be
/// done. Lanes take turns in the order in which they got work, and each has one turn at a time, so that
/// what comes meanwhile shares the key's next commit.
///
/// A lane is doubtful from when its server has not answered until it has. As long as one is, nothing
/// is sent for a lane whose server may be the same: first the server is asked something that changes
/// nothing, for a few lanes at a time, so that a server that is away or hangs holds up as many
/// committers. A lane whose server has answered since is asked no more, however many turn doubtful.
public struct LaneTurns<Key: Hashable & Sendable, Time: Comparable & Sendable>: Sendable {
  /// One lane's turn.
  public struct Turn: Sendable, Equatable {
    /// The lane's key.
    public let key: Key

    /// Whether its server is to be asked first.
    public let isProbe: Bool

    /// How often its server has not answered since it last did.
    public let failureCount: Int

    /// Creates a turn.
    public init(key: Key, isProbe: Bool, failureCount: Int = 0) {
      self.key = key
      self.isProbe = isProbe
      self.failureCount = failureCount
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
    var failureCount = 0
    var isDoubtful: Bool { failureCount > 0 }
  }

  /// Answers that are remembered of lanes that have been forgotten.
  private static var rememberedAnswers: Int { 1024 }

  private let probeLimit: Int
  private var lanes: [Key: Lane] = [:]
  private var ready: [Key] = []
  private var doubtfulCount = 0

  /// When the last call began that was not answered although its server was thought to serve.
  private var doubtBegan: Time?

  /// When the last call of each lane began that was answered.
  private var answeredAt: [Key: Time] = [:]

  /// The lanes whose servers are being asked.
  private var probing: Set<Key> = []

  /// Begins without a lane.
  ///
  /// - Parameter probeLimit: For how many lanes servers are asked at a time. At most one of these lanes is
  ///   doubtful; the servers of the others are likely to answer.
  public init(probeLimit: Int = 1) { self.probeLimit = probeLimit }

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
    // A server that has not failed yet may well answer: it is asked before the doubtful ones.
    let mayAsk = probing.count < probeLimit
    let place =
      ready.firstIndex { !needsProbe($0) || (mayAsk && !isDoubtful($0)) }
      ?? (mayAsk && !probing.contains(where: isDoubtful) ? ready.indices.first : nil)
    guard let place else { return nil }
    let key = ready.remove(at: place)
    let isProbe = needsProbe(key)
    if isProbe { probing.insert(key) }
    lanes[key]?.isReady = false
    lanes[key]?.isBusy = true
    return Turn(key: key, isProbe: isProbe, failureCount: lanes[key]?.failureCount ?? 0)
  }

  /// When a lane wants a turn by itself; nil when none does.
  public var nextTime: Time? { lanes.values.lazy.compactMap(\.due).min() }

  /// The server of a lane whose turn it is has answered what was asked then.
  public mutating func answered(_ key: Key, askedAt time: Time) {
    probing.remove(key)
    guard let lane = lanes[key] else { return }
    remember(key, answeredAt: time)
    guard lane.isDoubtful else { return }
    lanes[key]?.failureCount = 0
    doubtfulCount -= 1
    // The others may be of the same server.
    let others = lanes.filter { $0.value.isDoubtful && $0.value.due != nil }.keys
    for other in others { makeReady(other) }
  }

  /// It has not answered what was asked then.
  public mutating func unanswered(_ key: Key, askedAt time: Time) {
    probing.remove(key)
    guard let lane = lanes[key] else { return }
    if !lane.isDoubtful {
      // Of a lane that was to be asked first, nothing else was to be expected. The others need not be
      // asked once more.
      if !needsProbe(key) { doubtBegan = doubtBegan.map { max($0, time) } ?? time }
      doubtfulCount += 1
    }
    lanes[key]?.failureCount += 1
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
    guard !lane.isDoubtful, let doubtBegan, let time = answeredAt[key] else { return true }
    return time < doubtBegan
  }

  private func isDoubtful(_ key: Key) -> Bool { lanes[key]?.isDoubtful == true }

  private mutating func remember(_ key: Key, answeredAt time: Time) {
    answeredAt[key] = time
    guard answeredAt.count > lanes.count * 2 + Self.rememberedAnswers else { return }
    answeredAt = answeredAt.filter { lanes[$0.key] != nil }
  }
}
