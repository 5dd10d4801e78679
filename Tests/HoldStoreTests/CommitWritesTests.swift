import Holds
import Postgres
import Testing

@testable import HoldStore

extension ServerSuites {
  /// What a batch writes, and what it leaves alone.
  @Suite struct CommitWritesTests {
    private let database: Database

    init() throws {
      database = try Database(selling: ["a", "expired", "held", "sold"])
      try database.run(
        """
        INSERT INTO tickets_blocked (ticket_id, locked_up) VALUES
          ('expired', now() - interval '1 s'), ('held', now() + interval '60 s')
        """)
    }

    private func records() throws -> Int {
      try database.integer("SELECT count(*) FROM holdfast_commits")
    }

    /// Nothing is written and no row is locked: not even a transaction id is taken, which costs a flush.
    @Test(arguments: [false, true], [false, true])
    func aRefusedBatchWritesNothing(isStrict: Bool, hasHistory: Bool) throws {
      try database.run("UPDATE tickets SET status = false WHERE ticket_id = 'sold'")
      func writes(_ operations: HoldOperation..., outcomes: [String]) throws -> Bool {
        try database.run("BEGIN")
        defer { try? database.run("ROLLBACK") }
        let commit = try database.commit(
          operations, isStrict: isStrict, requestIDs: hasHistory ? operations.map { _ in "r" } : [])
        #expect(commit.verdicts.map(Database.word) == outcomes)
        return try database.bool("pg_current_xact_id_if_assigned() IS NOT NULL")
      }
      // An expired ticket is free, and so no reason.
      #expect(
        try !writes(
          .lock("expired", "held"), .lock("expired", "sold", "unknown"), .lock("held", as: "cart"),
          outcomes: [
            "refused held held", "refused sold sold, unknown unknown", "refused held held",
          ]))
      #expect(
        try !writes(
          .confirm("a", "held", order: "1", as: "cart"), .confirm("unknown", order: "1"),
          outcomes: ["refused held held", "refused unknown unknown"]))
      // The control.
      #expect(try writes(.lock("expired"), outcomes: ["granted"]))
      #expect(try writes(.release("held"), outcomes: ["released"]))
      #expect(try writes(.confirm("a", order: "1"), outcomes: ["sold"]))
    }

    @Test func aGrantTakesOverTheExpiredRow() throws {
      let transaction = try database.texts(
        "SELECT xmin::text FROM tickets_blocked WHERE ticket_id = 'expired'")
      #expect(
        try database.outcomes(.lock("expired", "held"), .lock("expired"))
          == ["refused held held", "granted"])
      #expect(
        try database.texts("SELECT xmin::text FROM tickets_blocked WHERE ticket_id = 'expired'")
          != transaction)
      #expect(try records() == 1)
    }

    /// What it rests on may not be durable yet.
    @Test func whatIsDoneWithoutAChangeIsRecorded() throws {
      #expect(try database.outcomes(.lock("held")) == ["refused held held"])
      #expect(try records() == 0)
      #expect(try database.outcomes(.release("unknown")) == ["released"])
      #expect(try records() == 1)
      for number in 2...3 {
        #expect(try database.outcomes(.confirm("a", order: "1")) == ["sold"])
        #expect(try records() == number)
      }
    }

    /// After the database's clock has been set back, a hold from the future is not live for ever.
    @Test func holdsFromTheFutureHaveExpired() throws {
      try database.sell(["soon", "infinite", "far"])
      try database.run(
        """
        INSERT INTO tickets_blocked (ticket_id, locked_up, date_created, hold_key) VALUES
          ('far', now() + interval '1 year 600 s', now() + interval '1 year', sha256('cart')),
          ('soon', now() + interval '660 s', now() + interval '60 s', NULL),
          ('infinite', 'infinity', now(), NULL)
        """)
      #expect(
        try database.outcomes(.lock("soon"), .lock("infinite"), .lock("far"))
          == ["refused soon held", "refused infinite held", "granted"])
      try database.run(
        "UPDATE tickets_blocked SET locked_up = now() + interval '1 year 600 s',"
          + " date_created = now() + interval '1 year' WHERE ticket_id = 'far'")
      let swept = try Sweeper.sweep(
        database.connection, pagesPerStatement: 16, longestHoldSeconds: 7200,
        deadline: Database.patience)
      #expect(swept == Sweeper.Result(rows: 2, rowsFromTheFuture: 1, liveRows: 3))
      #expect(
        try database.texts("SELECT ticket_id FROM tickets_blocked ORDER BY 1") == [
          "held", "infinite", "soon",
        ])
    }

    /// The committers purge; a caller's sweep does not.
    @Test func recordsThatNobodyNeedsArePurged() throws {
      try database.run(
        """
        INSERT INTO holdfast_commits (committer, batch, outcomes, entered_at) VALUES
          (1, 1, '{1}', now() - interval '25 h'), (1, 2, NULL, now() - interval '25 h'),
          (2, 1, '{1}', now() - interval '23 h'), (2, 2, NULL, now())
        """)
      _ = try Sweeper.sweep(
        database.connection, pagesPerStatement: 16, longestHoldSeconds: 7200,
        deadline: Database.patience)
      #expect(try records() == 4)
      var record = CommitRecord()
      while record.batch < 512 {
        if record.batch % 100 == 0 {
          _ = try database.commit([.lock("a", as: "cart")], record: record)
          record.purgeOld(on: database.connection, deadline: Database.patience)
        }
        record.advance()
      }
      #expect(try records() == 9)
      record.purgeOld(on: database.connection, deadline: Database.patience)
      // Its own of the last 256 batches stay, and those of others for a day.
      #expect(
        try database.texts(
          "SELECT committer || ' ' || batch FROM holdfast_commits WHERE committer < 3 ORDER BY 1")
          == ["2 1", "2 2"])
      #expect(try records() == 4)
    }

    @Test func anAnswerThatDoesNotFitTheBatchIsAnError() throws {
      try database.run(
        """
        CREATE OR REPLACE FUNCTION holdfast_commit(
          p_tickets text[], p_wants int[], p_hold_keys bytea[],
          p_kinds int[], p_owners int[], p_seconds float8[], p_ends int[], p_members int[],
          p_longest float8, p_strict boolean,
          p_limit int, p_shoppers text[], p_shopper_of int[], p_choices bytea[], p_choice_of int[],
          p_orders text[], p_order_of int[], p_requests text[],
          OUT outcomes int[], OUT expiries bigint[], OUT reasons int[], OUT waits bigint[],
          OUT decided_at bigint) LANGUAGE sql AS $$
          SELECT ARRAY[0], ARRAY[]::bigint[], ARRAY[1], ARRAY[1]::bigint[], 0::bigint $$
        """)
      let error = #expect(throws: PostgresError.self) {
        _ = try database.commit([.lock("a"), .lock("held")])
      }
      #expect(error?.mayHaveCommitted == true)
    }
  }
}
