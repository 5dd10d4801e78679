import Holds
import TestSupport
import Testing
import Threads

@testable import HoldStore

extension ServerSuites {
  /// PostgreSQL hangs while a store connects, commits or asks whether it is ready: for how long it is
  /// waited for.
  @Suite struct HoldStoreTimeoutTests {
    /// What a time that has passed is waited for, however busy the machine is.
    private static let longMilliseconds = 15_000

    /// Longer than `boundMilliseconds`, shorter than a bound that is lifted.
    private static let shortMilliseconds = 3000
    private static let boundMilliseconds = 1000
    private static let liftedMilliseconds = 20_000

    private let database: Database
    private let rig: LossRig
    private var proxy: LossyProxy { rig.proxy }

    init() throws {
      database = try Database(selling: ["a", "b"])
      rig = try LossRig(.patient(database.conninfo), to: database)
    }

    /// Whether a lock is granted within that time although the connection hangs, as it is opened or in the
    /// lock's own commit; the next one would not.
    private func isServed(
      afterAHungConnect isOpening: Bool, withinMilliseconds milliseconds: Int,
      _ change: (inout HoldStoreSettings) -> Void
    ) throws -> Bool {
      if isOpening { proxy.keepRequests() }
      return try rig.withStore(locking: isOpening ? nil : "b", changing: change) { store throws in
        proxy.keepRequests()
        let answers = Answers()
        answers.submit(.lock("a"), as: 0, to: store)
        try proxy.waitUntilSomethingIsKept()
        proxy.letPass()
        let isServed = answers.first(withinMilliseconds: milliseconds)?.outcome.isGranted == true
        proxy.cut(tellingTheServer: true)
        #expect(try answers.wait(for: 1)[0]?.isGranted == true)
        return isServed
      }
    }

    @Test func anAttemptToConnectThatHangsIsGivenUp() throws {
      #expect(
        try isServed(afterAHungConnect: true, withinMilliseconds: Self.longMilliseconds) {
          $0.pool.connectTimeoutMilliseconds = Self.boundMilliseconds
        })
    }

    /// Negative control.
    @Test func withoutTheBoundAnAttemptToConnectHoldsUpAll() throws {
      #expect(
        try !isServed(afterAHungConnect: true, withinMilliseconds: Self.shortMilliseconds) {
          $0.pool.connectTimeoutMilliseconds = Self.liftedMilliseconds
        })
    }

    @Test func aSessionThatHangsIsGivenUp() throws {
      #expect(
        try isServed(afterAHungConnect: false, withinMilliseconds: Self.longMilliseconds) {
          $0.statementTimeoutMilliseconds = Self.boundMilliseconds
        })
    }

    /// Negative control.
    @Test func withoutTheBoundASessionThatHangsIsWaitedFor() throws {
      #expect(
        try !isServed(afterAHungConnect: false, withinMilliseconds: Self.shortMilliseconds) {
          $0.statementTimeoutMilliseconds = Self.liftedMilliseconds
        })
    }

    /// What a lock comes to within that time whose insert takes a minute in PostgreSQL.
    private func outcomeOfASlowStatement(
      statementTimeoutMilliseconds: Int, withinMilliseconds milliseconds: Int
    ) throws -> HoldOutcome? {
      let outcome = try rig.withStore(
        locking: "b", changing: { $0.statementTimeoutMilliseconds = statementTimeoutMilliseconds }
      ) { store throws in
        try database.run(
          """
          CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql
              AS 'BEGIN PERFORM pg_sleep(60); RETURN NULL; END';
          CREATE TRIGGER slow AFTER INSERT ON tickets_blocked
              FOR EACH STATEMENT EXECUTE FUNCTION slow();
          """)
        let answers = Answers()
        answers.submit(.lock("a"), as: 0, to: store)
        let outcome = answers.first(withinMilliseconds: milliseconds)?.outcome
        try database.run(
          """
          SELECT pg_cancel_backend(pid) FROM pg_stat_activity
           WHERE datname = current_database() AND wait_event = 'PgSleep'
          """)
        _ = try answers.wait(for: 1)
        return outcome
      }
      #expect(try database.holds()["a"] == nil)
      return outcome
    }

    /// PostgreSQL itself ends it, so that the outcome is known.
    @Test func aStatementThatTakesTooLongIsEndedByTheServer() throws {
      let outcome = try outcomeOfASlowStatement(
        statementTimeoutMilliseconds: Self.boundMilliseconds,
        withinMilliseconds: Self.longMilliseconds)
      #expect(outcome == .failed(.databaseUnreachable))
    }

    /// Negative control.
    @Test func withoutTheBoundAStatementTakesHoweverLong() throws {
      let outcome = try outcomeOfASlowStatement(
        statementTimeoutMilliseconds: Self.liftedMilliseconds,
        withinMilliseconds: Self.shortMilliseconds)
      #expect(outcome == nil)
    }

    /// What the check of readiness says within that time about a database that hangs.
    private func readinessOfAHungDatabase(
      readinessTimeoutMilliseconds: Int, withinMilliseconds milliseconds: Int
    ) throws -> Readiness? {
      let readiness = Monitor<Readiness?>(nil)
      return try rig.withStore(
        locking: "b", changing: { $0.readinessTimeoutMilliseconds = readinessTimeoutMilliseconds }
      ) { store throws in
        proxy.keepRequests()
        store.checkReadiness { answer in
          readiness.withLock { $0 = answer }
          readiness.broadcast()
        }
        defer { proxy.cut(tellingTheServer: true) }
        return readiness.wait(until: .now.advanced(byMilliseconds: milliseconds)) { $0 }
      }
    }

    @Test func aDatabaseThatHangsIsNotReadyInTime() throws {
      let readiness = try readinessOfAHungDatabase(
        readinessTimeoutMilliseconds: Self.boundMilliseconds,
        withinMilliseconds: Self.longMilliseconds)
      #expect(readiness?.database == .unreachable)
    }

    /// Negative control.
    @Test func withoutTheBoundReadinessIsWaitedFor() throws {
      let readiness = try readinessOfAHungDatabase(
        readinessTimeoutMilliseconds: Self.liftedMilliseconds,
        withinMilliseconds: Self.shortMilliseconds)
      #expect(readiness == nil)
    }
  }
}
