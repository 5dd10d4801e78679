import Holds
import Postgres
import Testing

@testable import HoldStore

extension ServerSuites {
  /// A connection to the engine, or a session of the engine's, that is lost under a commit.
  @Suite(.enabled(if: ShardedDatabases.isInstalled, Comment(rawValue: ShardedDatabases.reason)))
  struct ShardedLossTests {
    private let shards: ShardedDatabases
    private let event: String
    private let rig: LossRig

    init() throws {
      shards = try ShardedDatabases()
      event = try shards.events(on: 1)[0]
      try shards.sell(9, of: event, on: 1)
      rig = try LossRig(shards.settings, to: shards.front)
    }

    private func withStore(_ body: (HoldStore) throws -> Void) throws {
      try rig.withStore(locking: "\(event)-9", body)
    }

    /// 57014 too: the engine's session is cancelled, and not the server's.
    @Test(arguments: ["XX000", "08006", "57P01", "57014"])
    func anErrorThatLeavesTheOutcomeOpenIsLookedUp(code: String) throws {
      try withStore { store throws in
        rig.proxy.answerWithError(code)
        #expect(try store.outcome(.lock("\(event)-1")).isGranted)
        #expect(rig.events.resolutions == [.committed])
        #expect(try store.outcome(.lock("\(event)-2")).isGranted)
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
        rig.proxy.answerWithError("XX000")
        #expect(try store.outcome(.lock("\(event)-1")).isRefused)
        #expect(rig.events.resolutions == [.rerun])
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
        #expect(try store.outcome(.lock("\(event)-1")).isGranted)
        #expect(rig.events.resolutions.count == 1)
        #expect(try shards.servers[1].holds().count == 2)
      }
    }

    @Test func aBatchThatArrivesLateChangesNothing() throws {
      try withStore { store throws in
        try rig.lockThatArrivesLate("\(event)-1", store, statement: "%holdfast_keyed_commit%")
        #expect(try shards.servers[1].holds().keys.sorted() == ["\(event)-9"])
      }
    }

    /// Records of a batch in doubt must outlast the committer's purge, and others must not pile up.
    @Test func recordsOfAnsweredBatchesAreDeletedOnTheirServer() throws {
      try withStore { store throws in
        for _ in 0..<300 {
          #expect(try store.outcome(.lock("\(event)-1")).isGranted)
          #expect(try store.outcome(.release("\(event)-1")) == .released)
        }
        #expect(try shards.servers[1].integer("SELECT count(*) FROM holdfast_commits") < 300)
      }
    }
  }
}
