import Foundation
import Postgres
import TestSupport
import Testing
import Threads

extension ServerSuites {
  /// The pool over a server whose connections break and that is away for a while.
  @Suite struct PoolTests {
    private func makePool(
      _ conninfo: String, connections: Int = 2, failures: Monitor<[PostgresError]> = Monitor([])
    ) -> Pool {
      Pool(
        limits: PoolLimits(
          connections: connections, connectTimeoutMilliseconds: 30_000,
          minimumBackoffMilliseconds: 1, maximumBackoffMilliseconds: 20),
        open: { deadline throws(PostgresError) in
          try PostgresConnection(conninfo: conninfo, deadline: deadline)
        },
        onFailure: { error in
          failures.withLock { $0.append(error) }
          failures.broadcast()
        })
    }

    private func backend(of pool: Pool) throws -> Int {
      try pool.withConnection(deadline: Connections.patience) {
        connection throws(PostgresError) in
        try connection.query("SELECT pg_backend_pid()", deadline: Connections.patience)
          .integer(row: 0, column: 0)
      }
    }

    @Test func aConnectionThatWasTerminatedWhileIdleIsReplacedUnseen() throws {
      let pool = makePool(try PostgresServer.shared().conninfo(), connections: 1)
      defer { pool.close() }
      let first = try backend(of: pool)
      #expect(try backend(of: pool) == first)
      try Connections.terminate(first)
      #expect(try backend(of: pool) != first)
    }

    /// A statement that fails is no reason to give its connection up.
    @Test(arguments: [
      ("SELECT pg_terminate_backend(pg_backend_pid()), pg_sleep(60)", true),
      ("SELECT 1 / 0", false),
    ])
    func aConnectionThatBreaksInUseIsReplaced(sql: String, isReplaced: Bool) throws {
      let pool = makePool(try PostgresServer.shared().conninfo(), connections: 1)
      defer { pool.close() }
      let first = try backend(of: pool)
      #expect(throws: PostgresError.self) {
        try pool.withConnection(deadline: Connections.patience) {
          connection throws(PostgresError) in
          _ = try connection.query(sql, deadline: Connections.patience)
        }
      }
      #expect(try (backend(of: pool) != first) == isReplaced)
    }

    /// A caller that is late costs its own connection; a server that is silent, all of them.
    @Test func onlyASilentServersConnectionsAreDropped() throws {
      for (code, keepsOthers) in [(PostgresError.Code.deadlinePassed, true), (.timedOut, false)] {
        let pool = makePool(try PostgresServer.shared().conninfo(), connections: 2)
        defer { pool.close() }
        func backends() throws -> Set<Int> {
          try pool.withConnection(deadline: Connections.patience) {
            connection throws(PostgresError) in
            let first = try connection.query(
              "SELECT pg_backend_pid()", deadline: Connections.patience)
            let second = Result { try backend(of: pool) }
            return Set([first.integer(row: 0, column: 0), (try? second.get()) ?? 0])
          }
        }
        let before = try backends()
        #expect(throws: PostgresError(code, "")) {
          try pool.withConnection(deadline: Connections.patience) { _ throws(PostgresError) in
            throw PostgresError(code, "")
          }
        }
        #expect(try backends().isDisjoint(with: before) == !keepsOthers, "\(code)")
      }
    }

    /// What a borrower hears who may wait so long for the only connection, which is lent for as long as they
    /// wait, and for `lent` milliseconds at most.
    private func borrow(
      waitingMilliseconds waiting: Int, whileLentForMilliseconds lent: Int
    ) throws -> PostgresError.Code? {
      let pool = makePool(try PostgresServer.shared().conninfo(), connections: 1)
      defer { pool.close() }
      let (isLent, isOver) = (Monitor(false), Monitor(false))
      let holder = WorkerThread {
        try? pool.withConnection(deadline: Connections.patience) { _ throws(PostgresError) in
          isLent.withLock { $0 = true }
          isLent.broadcast()
          _ = isOver.wait(until: .now.advanced(byMilliseconds: lent)) { $0 ? true : nil }
        }
      }
      defer {
        isOver.withLock { $0 = true }
        isOver.broadcast()
        holder.join()
      }
      try #require(isLent.wait(until: Connections.patience) { $0 ? true : nil } == true)
      do throws(PostgresError) {
        try pool.withConnection(deadline: .now.advanced(byMilliseconds: waiting)) { _ in }
        return nil
      } catch {
        return error.code
      }
    }

    @Test func borrowersWaitUntilTheirDeadlineWhenAllAreLent() throws {
      let start = Instant.now
      #expect(
        try borrow(waitingMilliseconds: 50, whileLentForMilliseconds: 30_000) == .noConnection)
      #expect(Instant.now >= start.advanced(byMilliseconds: 50))
    }

    /// Negative control.
    @Test func withoutADeadlineBorrowersWaitOn() throws {
      #expect(
        try borrow(waitingMilliseconds: 30_000, whileLentForMilliseconds: 300) == nil)
    }

    /// How many connections eight borrowers have a pool open.
    private func connectionsOpened(bound: Int) throws -> Int {
      let name = "bound-\(bound)"
      let conninfo = try PostgresServer.shared().conninfo() + " application_name=\(name)"
      let pool = makePool(conninfo, connections: bound)
      defer { pool.close() }
      try inParallel(8) { _ in for _ in 0..<50 { _ = try? backend(of: pool) } }
      try waitUntil("none is being opened") { pool.counts.opening == 0 }
      return try Connections.make().query(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = '\(name)'",
        deadline: Connections.patience
      ).integer(row: 0, column: 0)
    }

    @Test func itNeverOpensMoreThanItsBound() throws {
      #expect(try connectionsOpened(bound: 3) == 3)
    }

    /// Negative control: a bound that eight borrowers do not reach.
    @Test func withoutTheBoundEachHasAConnection() throws {
      #expect(try connectionsOpened(bound: 8) == 8)
    }

    /// The socket is reached through a link: without the link, the server is away.
    @Test func aServerThatIsAwayIsWaitedForAndItsReturnNoticed() throws {
      let server = try PostgresServer.shared()
      let directory = try TemporaryDirectory()
      let link = "\(directory.path)/.s.PGSQL.5432"
      let failures = Monitor<[PostgresError]>([])
      let pool = makePool(server.conninfo(directory: directory.path), failures: failures)
      defer { pool.close() }
      func waitForFailure() {
        let found: Void? = failures.wait(until: Connections.patience) { $0.count > 2 ? () : nil }
        #expect(found != nil)
      }
      waitForFailure()
      for _ in 0..<2 {
        try FileManager.default.createSymbolicLink(
          atPath: link, withDestinationPath: "\(server.directory)/.s.PGSQL.5432")
        let first = try backend(of: pool)
        try FileManager.default.removeItem(atPath: link)
        failures.withLock { $0 = [] }
        try Connections.terminate(first)
        // The other connection still serves; once it is gone too, nothing does.
        try? Connections.terminate(backend(of: pool))
        waitForFailure()
      }
      #expect(failures.withLock { $0.allSatisfy { $0.code == .connectionFailed } })
    }

    @Test func onceClosedItLendsNothing() throws {
      let pool = makePool(try PostgresServer.shared().conninfo())
      _ = try backend(of: pool)
      pool.close()
      #expect(throws: PostgresError.self) {
        try pool.withConnection(deadline: .now) { _ throws(PostgresError) in }
      }
    }
  }
}
