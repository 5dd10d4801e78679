import Holds
import Postgres
import TestSupport
import Testing
import Threads

@testable import HoldStore

extension ServerSuites {
  /// A connection to the engine, or a session of the engine's, that is lost under a commit.
  @Suite(.enabled(if: ShardedDatabases.isInstalled, Comment(rawValue: ShardedDatabases.reason)))
  struct ShardedLossTests {
    private let shards: ShardedDatabases
    private let event: String
    private let proxy: LossyProxy
    private var settings: HoldStoreSettings
    private let resolutions = Monitor<[HoldStoreEvent.Resolution]>([])

    init() throws {
      shards = try ShardedDatabases()
      event = try shards.events(on: 1)[0]
      try shards.sell(9, of: event, on: 1)
      proxy = try LossyProxy()
      settings = shards.settings
      settings.conninfo = try proxy.conninfo(shards.front)
      settings.committers = 1
      settings.pool.connections = 1
    }

    private func withStore(_ body: (HoldStore) throws -> Void) throws {
      defer { proxy.close() }
      try HoldStore.run(
        settings,
        onEvent: { [resolutions] event in
          if case .batchResolved(let resolution, _) = event {
            resolutions.withLock { $0.append(resolution) }
          }
        }
      ) { store throws in
        #expect(try Answers.outcome(of: .lock("\(event)-9"), by: store).isGranted)
        try body(store)
      }
    }

    /// 57014 too: the engine's session is cancelled, and not the server's.
    @Test(arguments: ["XX000", "08006", "57P01", "57014"])
    func anErrorThatLeavesTheOutcomeOpenIsLookedUp(code: String) throws {
      try withStore { store throws in
        let answers = Answers()
        proxy.answerWithError(code)
        answers.submit(.lock("\(event)-1"), as: 0, to: store)
        #expect(try answers.wait(for: 1)[0]?.isGranted == true)
        #expect(resolutions.withLock { $0 } == [.committed])
        #expect(try Answers.outcome(of: .lock("\(event)-2"), by: store).isGranted)
      }
    }

    /// Negative control: without the record on the server the batch would be run again, and refused by
    /// itself.
    @Test func withoutTheRecordItWouldBeRefusedByItself() throws {
      try shards.servers[1].run(
        """
        CREATE FUNCTION forget() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
        CREATE TRIGGER forget BEFORE INSERT ON holdfast_commits
          FOR EACH ROW WHEN (NEW.outcomes IS NOT NULL) EXECUTE FUNCTION forget();
        """)
      try withStore { store throws in
        let answers = Answers()
        proxy.answerWithError("XX000")
        answers.submit(.lock("\(event)-1"), as: 0, to: store)
        #expect(try answers.wait(for: 1)[0]?.isRefused == true)
        #expect(resolutions.withLock { $0 } == [.rerun])
      }
    }

    /// The server's session ends at the commit, after which nobody knows more than the record does.
    @Test func aSessionOfTheServersThatDiesIsLookedUp() throws {
      try shards.servers[1].run(
        """
        CREATE SEQUENCE deaths;
        CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF nextval('deaths') = 1 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF;
          RETURN NULL;
        END $$;
        CREATE CONSTRAINT TRIGGER die AFTER INSERT ON tickets_blocked DEFERRABLE INITIALLY DEFERRED
          FOR EACH ROW WHEN (NEW.ticket_id LIKE '%-1') EXECUTE FUNCTION die();
        """)
      try withStore { store throws in
        #expect(try Answers.outcome(of: .lock("\(event)-1"), by: store).isGranted)
        #expect(resolutions.withLock { $0.count } == 1)
        #expect(try shards.servers[1].holds().count == 2)
      }
    }

    @Test func aBatchThatArrivesLateChangesNothing() throws {
      try withStore { store throws in
        let answers = Answers()
        proxy.keepRequests()
        answers.submit(.lock("\(event)-1"), as: 0, to: store)
        let limit = Database.patience
        while !proxy.hasKeptRequests {
          guard Instant.now < limit else { throw Failure("no request was kept back") }
        }
        proxy.cut(tellingTheServer: false)
        #expect(try answers.wait(for: 1)[0]?.isGranted == true)
        #expect(try Answers.outcome(of: .release("\(event)-1"), by: store) == .released)
        let start = try shards.front.integer("extract(epoch FROM clock_timestamp()) * 1000000")
        proxy.deliverKeptRequests()
        while try shards.front.integer(Self.callsEnded(since: start)) == 0 {
          guard Instant.now < limit else { throw Failure("the late batch never ended") }
        }
        #expect(try shards.servers[1].holds().keys.sorted() == ["\(event)-9"])
      }
    }

    private static func callsEnded(since unixMicroseconds: Int) -> String {
      """
      SELECT count(*) FROM pg_stat_activity
       WHERE datname = current_database() AND state LIKE 'idle%'
         AND query LIKE '%holdfast_keyed_commit%'
         AND extract(epoch FROM query_start) * 1000000 > \(unixMicroseconds)
      """
    }

    /// Records of a batch in doubt must outlast the committer's purge, and others must not pile up.
    @Test func recordsOfAnsweredBatchesAreDeletedOnTheirServer() throws {
      try withStore { store throws in
        for _ in 0..<300 {
          #expect(try Answers.outcome(of: .lock("\(event)-1"), by: store).isGranted)
          #expect(try Answers.outcome(of: .release("\(event)-1"), by: store) == .released)
        }
        #expect(try shards.servers[1].integer("SELECT count(*) FROM holdfast_commits") < 300)
      }
    }
  }
}
