import Holds
import TestSupport
import Testing
import Threads

@testable import HoldStore

extension ServerSuites {
  /// Commits through PL/Proxy to a server whose synchronous standby is away.
  @Suite(.enabled(if: ShardedDatabases.isInstalled, Comment(rawValue: ShardedDatabases.reason)))
  struct ShardedHungCommitTests {
    private let shards: ShardedDatabases
    private let event: String
    private let server: PostgresServer
    private let database: Database
    private let events = Events()
    private let lookUp = "%holdfast_keyed_look_up%"

    init() throws {
      server = try PostgresServer()
      shards = try ShardedDatabases(first: server)
      event = try shards.events(on: 0)[0]
      try shards.sell(9, of: event, on: 0)
      database = shards.servers[0]
      // The server in front then adds a context to what it passes on.
      try shards.front.run(
        """
        DO $$ BEGIN
          EXECUTE format('ALTER DATABASE %I SET log_parameter_max_length_on_error = -1', current_database());
        END $$
        """)
    }

    /// Has a lock's wait for the standby cancelled.
    private func withCancelledLock(
      answerTimeoutMilliseconds: Int, _ body: (Answers) throws -> Void
    ) throws {
      let settings = shards.settings.with {
        $0.answerTimeoutMilliseconds = answerTimeoutMilliseconds
      }
      try HoldStore.run(settings, events: events) { store throws in
        #expect(try store.outcome(.lock("\(event)-9")).isGranted)
        try database.hangCommits()
        let answers = Answers()
        answers.submit(.lock("\(event)-1"), as: 1, to: store)
        try database.cancelTheWait()
        try body(answers)
        try database.wait(forStandby: "")
      }
      #expect(try database.holds().keys.sorted() == ["\(event)-1", "\(event)-9"])
    }

    /// PL/Proxy passes on that the commit may not have been replicated, as a warning of its own.
    @Test func aCommitWhoseWaitIsCancelledIsNotAnsweredWith200() throws {
      try withCancelledLock(answerTimeoutMilliseconds: 4000) { answers throws in
        // The look-up's wait is cancelled too: it has found the commit, but not made it any safer.
        try database.cancelTheWait(of: lookUp)
        let outcome = try answers.wait(for: 1)[1]
        #expect(outcome == .failed(.outcomeUnknown), "\(String(describing: outcome))")
        #expect(events.resolutions == [.unknown])
      }
    }

    @Test func onceTheStandbyIsBackTheLookUpTells() throws {
      try withCancelledLock(answerTimeoutMilliseconds: 25_000) { answers throws in
        try waitUntil("the look-up waits") { try database.hungSessionCount(of: lookUp) > 0 }
        #expect(try answers.wait(for: 0).isEmpty)
        try database.wait(forStandby: "")
        #expect(try answers.wait(for: 1)[1]?.isGranted == true)
        #expect(events.resolutions == [.committed])
      }
    }

    /// Negative control.
    @Test func withoutTheWarningACancelledCommitCountsAsMade() throws {
      let name = try database.texts("SELECT current_database()::text")[0]
      try database.run("ALTER DATABASE \(name) SET client_min_messages = error")
      try withCancelledLock(answerTimeoutMilliseconds: 4000) { answers throws in
        #expect(try answers.wait(for: 1)[1]?.isGranted == true)
        #expect(events.resolutions == [])
      }
    }

    /// Negative control.
    @Test func withoutWritingTheLookUpTellsOfACommitThatNoStandbyHas() throws {
      let columns = KeyedFunction.lookUp.columns
      try database.run(
        """
        CREATE OR REPLACE FUNCTION holdfast_keyed_look_up(p_committer bigint, p_batch bigint, p_key text)
          RETURNS TABLE (\(columns)) LANGUAGE sql AS $$
          SELECT c.outcomes, c.expiries, c.reasons, c.waits, c.decided_at FROM holdfast_commits c
           WHERE committer = p_committer AND batch = p_batch $$
        """)
      try withCancelledLock(answerTimeoutMilliseconds: 4000) { answers throws in
        #expect(try answers.wait(for: 1)[1]?.isGranted == true)
        #expect(events.resolutions == [.committed])
      }
    }

    /// Of a trigger, and of a connection that has been made just now.
    @Test func otherWarningsLeaveNoDoubt() throws {
      try database.run(
        """
        CREATE FUNCTION warn() RETURNS trigger LANGUAGE plpgsql AS
          'BEGIN RAISE WARNING ''seen'' USING DETAIL = ''a ticket''; RETURN NULL; END';
        CREATE TRIGGER warn AFTER INSERT ON tickets_blocked FOR EACH ROW EXECUTE FUNCTION warn();
        CREATE CONSTRAINT TRIGGER warn_late AFTER INSERT ON tickets_blocked
          DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION warn();
        UPDATE pg_database SET datcollversion = 'older' WHERE datname = current_database();
        """)
      try HoldStore.run(shards.settings, events: events) { store throws in
        for number in 1...9 {
          #expect(try store.outcome(.lock("\(event)-\(number)")).isGranted)
        }
      }
      #expect(events.resolutions == [])
    }
  }
}
