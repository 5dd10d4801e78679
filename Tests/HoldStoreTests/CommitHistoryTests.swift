import Holds
import Postgres
import TestSupport
import Testing
import Threads

@testable import HoldStore

extension ServerSuites {
  /// What the shared commit leaves in the history.
  @Suite struct CommitHistoryTests {
    private let database: Database

    init() throws {
      database = try Database(selling: ["a", "b", "c", "d"])
    }

    /// Runs a batch whose operations have the request ids `r1`, `r2`, and so on.
    private func commit(_ operations: HoldOperation...) throws {
      _ = try database.commit(operations, requestIDs: operations.indices.map { "r\($0 + 1)" })
    }

    /// One word for each row, in the order in which they were appended.
    private func rows(_ columns: String = "kind::text || ' ' || ticket_id || ' ' || request") throws
      -> [String]
    {
      try database.texts("SELECT \(columns) FROM holdfast_history ORDER BY at, ctid")
    }

    @Test func everyKindOfChangeIsRecorded() throws {
      try commit(.lock("a", "b", as: "cart-1"), .lock("c"))
      try commit(.lock("a", seconds: 900, as: "cart-1"), .release("c", as: "cart-2"))
      try commit(.release("b", as: "cart-1"))
      try commit(
        .confirm(
          ConfirmRequest(ticketIDs: ["a", "d"], orderID: "o", holdID: HoldID("cart-1"))))
      #expect(
        try rows() == [
          "h a r1", "h b r1", "h c r2", "r a r1", "x c r2", "x b r1", "s a r1", "s d r1",
        ])
      // The cart is known by a keyed hash, and an anonymous hold has none, whoever releases it.
      #expect(
        try rows("coalesce(encode(cart, 'hex'), '-')").map { $0 == "-" }
          == [false, false, true, false, true, false, false, false])
      #expect(
        try database.bool(
          """
          (SELECT bool_and(cart = substr(sha256((SELECT key FROM holdfast_secret)
                                                || sha256('cart-1')), 1, 8))
             FROM holdfast_history WHERE cart IS NOT NULL)
          """))
      // The ends are those of the holds.
      #expect(
        try database.texts(
          """
          SELECT kind::text || ' ' || round(date_part('epoch', until - at))
            FROM holdfast_history WHERE until IS NOT NULL ORDER BY at, ctid
          """) == ["h 600", "h 600", "h 600", "r 900"])
    }

    @Test func whatABatchUndoesItselfIsRecordedToo() throws {
      try commit(.lock("a"), .release("a"), .lock("a", seconds: 60, as: "cart-1"))
      #expect(try rows() == ["h a r1", "x a r2", "h a r3"])
    }

    /// Otherwise a ticket that was sold would be told as free.
    @Test func whatABatchHasReleasedOrSoldIsNotReleasedOnceMore() throws {
      try commit(.lock("a"), .lock("b", "c"))
      try commit(
        .release("a"), .release("a", as: "cart-1"),
        .confirm(ConfirmRequest(ticketIDs: ["b"], orderID: "o", holdID: nil)), .release("b", "c"))
      #expect(try rows() == ["h a r1", "h b r2", "h c r2", "x a r1", "s b r3", "x c r4"])
      #expect(try database.texts("SELECT ticket_id FROM tickets_blocked") == [])
    }

    @Test func withoutRequestIDsNothingIsRecorded() throws {
      _ = try database.commit([.lock("a", as: "cart-1")])
      #expect(try rows() == [])
      // The control.
      _ = try database.commit([.lock("b", as: "cart-1")], requestIDs: [nil])
      #expect(try rows("kind::text || coalesce(request, '-')") == ["h-"])
    }

    /// What is told of a ticket that a batch holds when another transaction, for which it waits, has held and
    /// released it.
    private func kindsAfterAWait() throws -> [String] {
      let (other, watch) = (try Database(beside: database), try Database(beside: database))
      try other.run("BEGIN")
      _ = try other.commit([.lock("a", as: "one")], requestIDs: [nil])
      let waiting = Background { [database] in
        try database.commit([.lock("a", as: "two")], requestIDs: [nil])
      }
      try watch.waitForBlockedStatement()
      _ = try other.commit([.release("a", as: "one")], requestIDs: [nil])
      try other.run("COMMIT")
      _ = try waiting.value()
      return try rows("kind::text")
    }

    @Test func whatABatchHasWaitedForComesBeforeIt() throws {
      #expect(try kindsAfterAWait() == ["h", "x", "h"])
    }

    /// Negative control: by the clock of the decision the ticket seems to be free.
    @Test func byTheClockOfTheDecisionItComesAfterIt() throws {
      try database.takeOut("v_recorded := clock_timestamp()", insteadOf: "v_recorded := v_now")
      #expect(try kindsAfterAWait() == ["h", "h", "x"])
    }

    @Test func aBatchThatFailsLeavesNothing() throws {
      try database.run("BEGIN")
      try commit(.lock("a"))
      try database.run("ROLLBACK")
      #expect(try rows() == [])
    }

    /// Negative control: rows that are appended outside the commit's transaction stay.
    @Test func appendedOutsideTheTransactionTheyWouldStay() throws {
      let source = try database.texts("SELECT pg_get_functiondef('holdfast_commit'::regproc)")[0]
      let parts = source.split(separator: "INSERT INTO holdfast_history", maxSplits: 1)
      let rest = try #require(
        parts.last?.split(separator: "FROM unnest(p_tickets", maxSplits: 1).last)
      let conninfo = database.conninfo.replacing("'", with: "''")
      let outside = """
        PERFORM dblink_exec('\(conninfo)', format(
                  'INSERT INTO holdfast_history (at, kind, ticket_id, request) VALUES (%L, %L, %L, %L)',
                  v_now, 'h', u.ticket_id, p_requests[u.wants >> 3]))
           FROM unnest(p_tickets
        """
      try database.run("\(parts[0])\(outside)\(rest)")
      try database.run("CREATE EXTENSION dblink")
      try database.run("BEGIN")
      try commit(.lock("a"))
      try database.run("ROLLBACK")
      #expect(try rows() == ["h a r1"])
    }

    @Test func aDayWithoutAPartitionFailsNoCommit() throws {
      try database.run(
        """
        DO $$ DECLARE r text; BEGIN
          FOR r IN SELECT inhrelid::regclass::text FROM pg_inherits
                    WHERE inhparent = 'holdfast_history'::regclass
                      AND inhrelid <> 'holdfast_history_rest'::regclass
          LOOP EXECUTE 'DROP TABLE ' || r; END LOOP; END $$
        """)
      try commit(.lock("a"))
      #expect(try database.integer("SELECT count(*) FROM holdfast_history_rest") == 1)
      // The day stays as it is; the next ones are made.
      #expect(
        try HistoryKeeper.keep(days: 30, on: database.connection, deadline: Database.patience) == 2)
      #expect(try rows() == ["h a r1"])
      try commit(.lock("b"))
      #expect(try database.integer("SELECT count(*) FROM holdfast_history_rest") == 2)
    }

    @Test func oldDaysAreDropped() throws {
      try database.run(
        """
        SET timezone = 'UTC';
        DO $$ BEGIN
          FOR n IN 1 .. 40 LOOP
            EXECUTE format('CREATE TABLE holdfast_history_%s PARTITION OF holdfast_history FOR VALUES FROM (%L) TO (%L)',
              to_char(now() - n * interval '1 day', 'YYYYMMDD'),
              (now() - n * interval '1 day')::date, (now() - (n - 1) * interval '1 day')::date);
          END LOOP;
          INSERT INTO holdfast_history (at, kind, ticket_id)
          SELECT now() - n * interval '1 day', 'h', 'old' FROM generate_series(0, 50) n;
        END $$
        """)
      var changes = 0
      while try HistoryKeeper.keep(days: 30, on: database.connection, deadline: Database.patience)
        > 0
      {
        changes += 1
      }
      #expect(changes == 10)
      #expect(try database.integer("SELECT count(*) FROM holdfast_history") == 31)
      #expect(try database.integer("SELECT count(*) FROM holdfast_history_rest") == 0)
    }

    /// Whoever reads the history for long keeps a day from being dropped, and no commit waits for that.
    @Test func aReaderOnlyPutsTheDropOff() throws {
      let reader = try Database(beside: database)
      try database.run(
        """
        CREATE TABLE holdfast_history_20200101 PARTITION OF holdfast_history
          FOR VALUES FROM ('2020-01-01Z') TO ('2020-01-02Z')
        """)
      try reader.run("BEGIN; SELECT count(*) FROM holdfast_history")
      #expect(
        try HistoryKeeper.keep(days: 30, on: database.connection, deadline: Database.patience) == 0)
      try commit(.lock("a"))
      try reader.run("COMMIT")
      #expect(
        try HistoryKeeper.keep(days: 30, on: database.connection, deadline: Database.patience) == 1)
    }

    /// The answer to "who had this seat at 20:03?", by the statement of `holdfast history`, is found by the index.
    @Test func aTicketIsFoundByTheIndex() throws {
      try database.run(
        """
        INSERT INTO holdfast_history (at, kind, ticket_id, request)
        SELECT now(), 'h', 'T-' || n, repeat('x', 100) FROM generate_series(1, 50000) n;
        SELECT brin_summarize_new_values(indexrelid) FROM pg_index
         WHERE indrelid IN (SELECT inhrelid FROM pg_inherits
                             WHERE inhparent = 'holdfast_history'::regclass);
        ANALYZE holdfast_history;
        PREPARE seat (text, text, int8) AS \(EmbeddedSQL.history)
        """)
      let time = try database.texts("SELECT (now() AT TIME ZONE 'UTC')::text || 'Z'")[0]
      let plan = try database.texts(
        "EXPLAIN (ANALYZE, TIMING off, SUMMARY off) EXECUTE seat ('T-77', '\(time)', 1000)")
      #expect(plan.contains { $0.contains("Bitmap Index Scan") }, "\(plan)")
      let read = plan.compactMap { $0.firstMatch(of: #/lossy=([0-9]+)/#).flatMap { Int($0.1) } }
      #expect(read.reduce(0, +) > 0 && read.reduce(0, +) < 400, "\(plan)")
    }

    @Test func theStoreHandsTheRequestIDOn() throws {
      let settings = HoldStoreSettings.patient(database.conninfo).with { $0.historyDays = 30 }
      try HoldStore.run(settings) { store in
        let outcome = try Answers.value {
          store.submit(.lock("a"), requestID: "a-request", completion: $0)
        }
        #expect(outcome.isGranted)
      }
      #expect(try rows() == ["h a a-request"])
    }
  }
}
