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
    private let proxy: LossyProxy
    private var settings: HoldStoreSettings

    init() throws {
      database = try Database()
      try database.sell(["a", "b"])
      proxy = try LossyProxy()
      settings = .patient(try proxy.conninfo(database))
      settings.committers = 1
      settings.pool.connections = 1
    }

    private func waitUntilSomethingIsKept() throws {
      let limit = Database.patience
      while !proxy.hasKeptRequests {
        guard Instant.now < limit else { throw Failure("nothing was sent") }
      }
    }

    /// What a lock comes to within that time, while what was sent before it is never answered.
    private func outcome(
      of answers: Answers, by store: HoldStore, withinMilliseconds milliseconds: Int
    ) throws -> HoldOutcome? {
      try waitUntilSomethingIsKept()
      proxy.letPass()
      return answers.first(withinMilliseconds: milliseconds)?.outcome
    }

    /// The first attempt to connect hangs; the next one would not.
    private func isServedAfterAHungConnect(
      connectTimeoutMilliseconds: Int, withinMilliseconds milliseconds: Int
    ) throws -> Bool {
      var settings = settings
      settings.pool.connectTimeoutMilliseconds = connectTimeoutMilliseconds
      defer { proxy.close() }
      proxy.keepRequests()
      var isServed = false
      try HoldStore.run(settings) { store throws in
        let answers = Answers()
        answers.submit(.lock("a"), as: 0, to: store)
        let outcome = try outcome(
          of: answers, by: store, withinMilliseconds: milliseconds)
        isServed = outcome?.isGranted == true
        proxy.cut(tellingTheServer: true)
        #expect(try answers.wait(for: 1)[0]?.isGranted == true)
      }
      return isServed
    }

    @Test func anAttemptToConnectThatHangsIsGivenUp() throws {
      #expect(
        try isServedAfterAHungConnect(
          connectTimeoutMilliseconds: Self.boundMilliseconds,
          withinMilliseconds: Self.longMilliseconds))
    }

    /// Negative control.
    @Test func withoutTheBoundAnAttemptToConnectHoldsUpAll() throws {
      #expect(
        try !isServedAfterAHungConnect(
          connectTimeoutMilliseconds: Self.liftedMilliseconds,
          withinMilliseconds: Self.shortMilliseconds))
    }

    /// A session hangs in a commit, which another session would do.
    private func isServedAfterAHungSession(
      statementTimeoutMilliseconds: Int, withinMilliseconds milliseconds: Int
    ) throws -> Bool {
      var settings = settings
      settings.statementTimeoutMilliseconds = statementTimeoutMilliseconds
      defer { proxy.close() }
      var isServed = false
      try HoldStore.run(settings) { store throws in
        #expect(try Answers.outcome(of: .lock("b"), by: store).isGranted)
        proxy.keepRequests()
        let answers = Answers()
        answers.submit(.lock("a"), as: 0, to: store)
        let outcome = try outcome(
          of: answers, by: store, withinMilliseconds: milliseconds)
        isServed = outcome?.isGranted == true
        proxy.cut(tellingTheServer: true)
        #expect(try answers.wait(for: 1)[0]?.isGranted == true)
      }
      return isServed
    }

    @Test func aSessionThatHangsIsGivenUp() throws {
      #expect(
        try isServedAfterAHungSession(
          statementTimeoutMilliseconds: Self.boundMilliseconds,
          withinMilliseconds: Self.longMilliseconds))
    }

    /// Negative control.
    @Test func withoutTheBoundASessionThatHangsIsWaitedFor() throws {
      #expect(
        try !isServedAfterAHungSession(
          statementTimeoutMilliseconds: Self.liftedMilliseconds,
          withinMilliseconds: Self.shortMilliseconds))
    }

    /// What a lock comes to within that time whose insert takes a minute in PostgreSQL.
    private func outcomeOfASlowStatement(
      statementTimeoutMilliseconds: Int, withinMilliseconds milliseconds: Int
    ) throws -> HoldOutcome? {
      var settings = settings
      settings.statementTimeoutMilliseconds = statementTimeoutMilliseconds
      defer { proxy.close() }
      var outcome: HoldOutcome?
      try HoldStore.run(settings) { store throws in
        #expect(try Answers.outcome(of: .lock("b"), by: store).isGranted)
        try database.run(
          """
          CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql
              AS 'BEGIN PERFORM pg_sleep(60); RETURN NULL; END';
          CREATE TRIGGER slow AFTER INSERT ON tickets_blocked
              FOR EACH STATEMENT EXECUTE FUNCTION slow();
          """)
        let answers = Answers()
        answers.submit(.lock("a"), as: 0, to: store)
        outcome = answers.first(withinMilliseconds: milliseconds)?.outcome
        try database.run(
          """
          SELECT pg_cancel_backend(pid) FROM pg_stat_activity
           WHERE datname = current_database() AND wait_event = 'PgSleep'
          """)
        _ = try answers.wait(for: 1)
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
      var settings = settings
      settings.readinessTimeoutMilliseconds = readinessTimeoutMilliseconds
      defer { proxy.close() }
      let readiness = Monitor<Readiness?>(nil)
      var told: Readiness?
      try HoldStore.run(settings) { store throws in
        #expect(try Answers.outcome(of: .lock("b"), by: store).isGranted)
        proxy.keepRequests()
        store.checkReadiness { answer in
          readiness.withLock { $0 = answer }
          readiness.broadcast()
        }
        told = readiness.wait(until: .now.advanced(byMilliseconds: milliseconds)) { $0 }
        proxy.cut(tellingTheServer: true)
      }
      return told
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
