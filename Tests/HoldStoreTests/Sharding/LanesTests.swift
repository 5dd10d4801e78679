import Holds
import Postgres
import Testing
import Threads

@testable import HoldStore

/// The lanes of an engine's keys, with no server: operations come and expire, at times that the test names.
@Suite struct LanesTests {
  private let start = Instant.now
  private let lanes: Lanes
  private let pool: Pool
  private let keys: Monitor<[String]>
  private let made: Monitor<[String: Lane]>
  private let begun: Monitor<Int>
  private let expired = Monitor<[String]>([])

  init() throws {
    begun = Monitor(0)
    let settings = HoldStoreSettings()
    let pool = Pool(
      limits: settings.pool,
      open: { _ throws(PostgresError) in throw PostgresError(.connectionFailed, "no server") },
      onFailure: { _ in })
    let makeCommitter = Committer.maker(
      settings, pool: pool, contended: Monitor(ContendedTickets(limit: 1)),
      books: SeatBooks(limits: BestLimits(events: 1, seats: 1)),
      check: DatabaseCheck(strictSales: .off, isSharded: true, onEvent: { _ in })
    ) { [begun] event in
      guard case .begun = event else { return }
      begun.withLock { $0 += 1 }
      begun.broadcast()
    }
    let keys = Monitor<[String]>([])
    let made = Monitor<[String: Lane]>([:])
    lanes = Lanes(
      try #require(ShardKey("before-last:-")), limits: settings.queue, probeMilliseconds: 1,
      committers: 2
    ) { key in
      keys.withLock { $0.append(key) }
      let lane = Lane(limits: settings.queue) { makeCommitter($0, .keyed(key), $1) }
      made.withLock { $0[key] = lane }
      return lane
    }
    self.pool = pool
    self.keys = keys
    self.made = made
  }

  private func time(_ milliseconds: Int) -> Instant { start.advanced(byMilliseconds: milliseconds) }

  /// Puts a lock into its lane, which is given up at this time.
  private func submit(
    _ ticketID: String, until milliseconds: Int,
    whenExpired act: @escaping @Sendable () -> Void = {}
  ) {
    let operation = HoldOperation.lock(ticketID)
    let deadline = time(milliseconds)
    let submission = Submission(
      operation, requestID: nil, arrived: start,
      completion: lanes.counting { [expired] _ in
        expired.withLock { $0.append(ticketID) }
        act()
      })
    let admission = lanes.enqueue(operation) { queue in
      queue.enqueue(submission, ticketCount: 1, deadline: deadline, patientUntil: deadline)
    }
    #expect(admission == .accepted(callsCommitter: true))
  }

  @Test func operationsOfAllLanesExpire() {
    submit("E1-1", until: 1)
    submit("E2-1", until: 3)
    lanes.expire(now: time(2))
    #expect(expired.withLock { $0 } == ["E1-1"])
    lanes.expire(now: time(3))
    #expect(expired.withLock { $0 } == ["E1-1", "E2-1"])
    #expect(lanes.operationCount == 0)
    pool.close()
  }

  /// Between the end of a lane's last operation and the moment when the lane is forgotten, somebody else
  /// may have forgotten it, and a new operation may have made the key another. That one stays.
  @Test func aLaneThatWasMadeMeanwhileIsNotForgotten() {
    submit("E1-1", until: 1) { [self] in
      lanes.expire(now: time(1))
      submit("E1-2", until: 3)
    }
    lanes.expire(now: time(2))
    #expect(keys.withLock { $0 } == ["E1", "E1"], "the second operation has a lane of its own")
    #expect(expired.withLock { $0 } == ["E1-1"])
    #expect(lanes.operationCount == 1)
    lanes.expire(now: time(3))
    #expect(expired.withLock { $0 } == ["E1-1", "E1-2"], "the second operation was lost")
    #expect(lanes.operationCount == 0)
    pool.close()
  }

  /// While E1's batch comes into doubt, E2's gets no connection. Its server has not answered, and is asked
  /// before anything else is sent there.
  @Test func whatWasNotSentIsNoAnswer() throws {
    submit("E1-1", until: 60_000)
    submit("E2-1", until: 60_000)
    let lane = try #require(made.withLock { $0["E1"] })
    let error = PostgresError(.connectionLost, "no server")
    lane.doubt.withLock { $0 = Doubt([], error, CommitRecord()) }
    let threads = (0..<2).map { _ in WorkerThread { [lanes] in lanes.run(Pulse()) } }
    #expect(begun.wait(until: Database.patience) { $0 == 2 ? true : nil } == true)
    // From here on nobody gets a connection, at once.
    pool.close()
    var count = 0
    let isAsked = (0..<25).contains { _ in
      count = begun.withLock { $0 }
      Instant.now.advanced(byMilliseconds: 200).sleep()
      return begun.withLock { $0 } == count
    }
    #expect(isAsked, "E2's batch was begun \(count) times")
    lanes.stop()
    while !lanes.isDrained { lanes.expire(now: time(60_000)) }
    for thread in threads { thread.join() }
  }
}
