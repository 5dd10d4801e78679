import Testing
import Threads

@testable import Postgres

/// The pool's rules by a clock that a test moves; connections are mere names.
@Suite struct PoolStateTests {
  private static let limits = PoolLimits(
    connections: 3, connectTimeoutMilliseconds: 1000, minimumBackoffMilliseconds: 100,
    maximumBackoffMilliseconds: 1000)
  private static let start = Instant(nanoseconds: 5_000_000_000)

  private var state = PoolState<String>(limits: limits)

  /// Milliseconds from the start until the pool is to open another connection.
  private var pause: Int? {
    state.timeToOpen.map { Self.start.milliseconds(until: $0) }
  }

  @Test mutating func itOpensAsManyAsItsBoundAndNoMore() {
    for name in ["a", "b", "c"] {
      #expect(pause == 0)
      state.opened(name)
    }
    #expect(pause == nil)
  }

  @Test mutating func itsCountsAddUpToTheBound() {
    #expect(state.counts == PoolCounts(idle: 0, busy: 0, opening: 3))
    for name in ["a", "b"] { state.opened(name) }
    _ = state.lend()
    #expect(state.counts == PoolCounts(idle: 1, busy: 1, opening: 1))
    _ = state.close()
    #expect(state.counts == PoolCounts(idle: 0, busy: 1, opening: 0))
  }

  @Test mutating func whatIsLentCountsTowardsTheBound() {
    for name in ["a", "b", "c"] { state.opened(name) }
    _ = state.lend()
    #expect(pause == nil)
  }

  @Test mutating func aServerOfNoUseIsLeftWithAllOfItsConnections() {
    for name in ["a", "b", "c"] { state.opened(name) }
    let silent = state.lend()
    let other = state.lend()
    #expect(silent == "c" && other == "b")
    #expect(state.discardLentAndIdle() == ["a"])
    #expect(state.lend() == nil)
    // What is lent may come back.
    #expect(pause == 0)
    state.opened("d")
    state.opened("e")
    #expect(pause == nil)
  }

  @Test mutating func itLendsWhatWasUsedLast() {
    for name in ["a", "b", "c"] { state.opened(name) }
    #expect(state.lend() == "c")
    #expect(state.lend() == "b")
    state.takeBack("c")
    #expect(state.lend() == "c")
    #expect(state.lend() == "a")
    #expect(state.lend() == nil)
  }

  @Test mutating func whatIsDiscardedIsReplaced() {
    for name in ["a", "b", "c"] { state.opened(name) }
    _ = state.lend()
    state.discardLent()
    #expect(state.counts.idle == 2)
    #expect(pause == 0)
    state.opened("d")
    #expect(pause == nil)
    #expect(state.lend() == "d")
  }

  @Test mutating func whatIsTakenOutToBeCheckedIsNotLentMeanwhile() {
    for name in ["a", "b", "c"] { state.opened(name) }
    let idle = state.takeIdle()
    #expect(idle == ["a", "b", "c"])
    #expect(state.lend() == nil)
    #expect(pause == nil)
    for name in idle where name != "b" { state.takeBack(name) }
    state.discardLent()
    #expect(pause == 0)
    #expect(state.lend() == "c")
    #expect(state.lend() == "a")
    #expect(state.lend() == nil)
  }

  /// Has an attempt fail so long after the first, and returns the longest pause that may follow.
  private mutating func failAttempt(after milliseconds: Int) -> Int? {
    let now = Self.start.advanced(byMilliseconds: milliseconds)
    state.openFailed(now: now, jitter: 1)
    return state.timeToOpen.map { now.milliseconds(until: $0) }
  }

  @Test mutating func thePauseGrowsWithTheTimeAwayUpToItsBound() {
    let pauses = [0, 100, 1600, 3200, 8000, 16_000, 1_000_000].map { failAttempt(after: $0) }
    #expect(pauses == [100, 100, 100, 200, 500, 1000, 1000])
  }

  @Test mutating func jitterHalvesThePauseAtMost() {
    state.openFailed(now: Self.start, jitter: 0)
    #expect(pause == 50)
    state.openFailed(now: Self.start, jitter: 0.5)
    #expect(pause == 75)
  }

  @Test mutating func aSuccessForgetsTheFailures() {
    _ = failAttempt(after: 0)
    #expect(failAttempt(after: 9600) == 600)
    state.opened("a")
    #expect(pause == 0)
    #expect(failAttempt(after: 9700) == 100)
  }

  @Test mutating func onceClosedItLendsAndOpensNothing() {
    for name in ["a", "b"] { state.opened(name) }
    let lent = state.lend()
    #expect(state.close() == ["a"])
    #expect(state.isClosed)
    #expect(pause == nil)
    if let lent { state.takeBack(lent) }
    // An attempt that was under way when it closed.
    state.opened("c")
    #expect(state.counts.idle == 0)
    #expect(state.lend() == nil)
  }
}
