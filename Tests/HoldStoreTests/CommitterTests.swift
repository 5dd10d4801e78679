import Holds
import Postgres
import Testing
import Threads

@testable import HoldStore

extension ServerSuites {
  /// Whether a batch shows that the server answers: only then is a lane counted as served.
  @Suite struct CommitterTests {
    private let database: Database

    init() throws {
      database = try Database(selling: ["a"])
    }

    /// Processes a batch of one, whose caller waits for so long.
    private func isAnswered(
      _ operation: HoldOperation, on conninfo: String, milliseconds: Int = 25_000
    ) throws -> Bool {
      let settings = HoldStoreSettings.patient(conninfo)
      let check = DatabaseCheck(strictSales: .off, onEvent: { _ in })
      let sessions = Sessions(settings: settings, check: check)
      let pool = Pool(
        limits: settings.pool,
        open: { deadline throws(PostgresError) in try sessions.open(deadline: deadline) },
        onFailure: { _ in })
      defer { pool.close() }
      let makeCommitter = Committer.maker(
        settings, pool: pool, contended: Monitor(ContendedTickets(limit: 1)),
        books: SeatBooks(limits: BestLimits(events: 1, seats: 1)), check: check,
        onEvent: { _ in })
      let queue = Monitor(HoldQueue(limits: settings.queue))
      let now = Instant.now
      let deadline = now.advanced(byMilliseconds: milliseconds)
      let submission = Submission(operation, requestID: nil, arrived: now) { _ in }
      let batch = queue.withLock { queue in
        _ = queue.enqueue(submission, ticketCount: 1, deadline: deadline, patientUntil: deadline)
        return queue.takeBatch(now: now)
      }
      var record = CommitRecord()
      return makeCommitter(queue, .plain, nil).process(try #require(batch), &record)
    }

    @Test func whatIsCommittedOrRefusedByTheServerIsAnswered() throws {
      #expect(try isAnswered(.lock("a"), on: database.conninfo))
      try database.run("ALTER TABLE tickets_blocked ADD CHECK (ticket_id <> 'b')")
      try database.sell(["b"])
      #expect(try isAnswered(.lock("b"), on: database.conninfo))
    }

    @Test func whatGotNoConnectionIsNot() throws {
      let conninfo = "host=/nowhere user=holdfast dbname=holdfast"
      #expect(try !isAnswered(.lock("a"), on: conninfo, milliseconds: 50))
    }
  }
}
