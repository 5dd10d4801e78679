import Foundation
import TestSupport
import Testing
import Threads

extension EndToEnd {
  /// Expiry needs no sweeper; refusals are complete; the sweep deletes what has expired and nothing else.
  @Suite("Expiry and the sweep", .site(["HOLDFAST_SWEEP_INTERVAL": "0"]))
  struct ExpiryTests {
    private let site: Site
    private let database: Database
    private let http: HTTPConnection

    init() throws {
      site = try .ofSuite()
      database = try site.database()
      http = site.http()
      try database.run("TRUNCATE tickets_blocked; DELETE FROM tickets WHERE ticket_id LIKE 'P-%'")
      try site.addTickets("P-", count: 100)
    }

    private func expire(_ tickets: String...) throws {
      let names = tickets.map(Database.literal).joined(separator: ",")
      try database.run(
        """
        UPDATE tickets_blocked
           SET locked_up = clock_timestamp() - interval '1 ms', date_created = now() - interval '1 h'
         WHERE ticket_id IN (\(names))
        """)
    }

    @Test func anExpiredHoldIsFreeAtOnce() throws {
      #expect(try http.lock(["P-1", "P-2", "P-3"]).status == 200)
      #expect(try http.lock(["P-4"], holdID: "somebody-s-cart-1").status == 200)
      try expire("P-1", "P-4")
      #expect(try http.lock(["P-1", "P-2"]).body == Answer.refused(["P-2"]))
      #expect(try http.lock(["P-4", "P-1"]).body == Answer.granted(["P-4", "P-1"]))
      // It is a new hold, nobody's, with its own beginning.
      #expect(
        try database.column(
          """
          SELECT ticket_id FROM tickets_blocked WHERE hold_key IS NULL
             AND date_created > now() - interval '1 min' ORDER BY 1
          """) == ["P-1", "P-2", "P-3", "P-4"])
    }

    /// Negative control: to a function that does not look at the clock, the row is a hold.
    @Test func withoutTheClockAnExpiredHoldBlocks() throws {
      #expect(try http.lock(["P-1"]).status == 200)
      try expire("P-1")
      let timeless = try NaiveCommit.sql.replacingOnly(" AND b.locked_up > v_now", with: "")
      let answer = try CommitFunction(site).replaced(by: timeless) { try http.lock(["P-1"]) }
      #expect(answer.body == Answer.refused(["P-1"]))
    }

    @Test func aShortHoldEndsByItself() throws {
      let start = Clock.now
      #expect(try http.lock(["P-1"], seconds: 1).status == 200)
      try waitUntil("the hold ends") { try http.lock(["P-1"]).status == 200 }
      #expect(Clock.now - start >= 1)
    }

    @Test func refusalsAreCompleteAndInTheRequestsOrder() throws {
      let all = (1...100).map { "P-\($0)" }
      let held = all.filter { $0.hasSuffix("3") }
      let sold = all.filter { $0.hasSuffix("7") }
      #expect(try http.lock(held).status == 200)
      try database.run("UPDATE tickets SET status = false WHERE ticket_id LIKE 'P-%7'")
      try expire("P-3", "P-13")
      let unavailable = Set(held + sold).subtracting(["P-3", "P-13"])
      for wanted in [all, all.reversed(), all.shuffled()] {
        #expect(try http.lock(wanted).body == Answer.refused(wanted.filter(unavailable.contains)))
      }
      let free = all.filter { !unavailable.contains($0) }.shuffled()
      #expect(try http.lock(free).body == Answer.granted(free))
    }

    /// Negative control: a function that stops at the first ticket that it cannot hold.
    @Test func aRefusalThatNamesOnlyTheFirstIsSeen() throws {
      #expect(try http.lock(["P-1", "P-2"]).status == 200)
      let hasty = try NaiveCommit.sql.replacingOnly(
        "v_count := v_count + 1;", with: "v_count := v_count + 1; EXIT;")
      let answer = try CommitFunction(site).replaced(by: hasty) {
        try http.lock(["P-3", "P-2", "P-1"])
      }
      #expect(answer.body == Answer.refused(["P-2"]))
      #expect(try http.lock(["P-3", "P-2", "P-1"]).body == Answer.refused(["P-2", "P-1"]))
    }

    @Test func aRefusalWritesNothing() throws {
      #expect(try http.lock(["P-2"]).status == 200)
      try expire("P-2")
      #expect(try http.lock(["P-1"]).status == 200)
      let before = try database.run("SELECT xmin, ctid, * FROM tickets_blocked ORDER BY ticket_id")
      #expect(try http.lock(["P-1", "P-2", "P-3"]).body == Answer.refused(["P-1"]))
      #expect(try http.lock(["P-3", "nowhere"]).body == Answer.refused(["nowhere"]))
      #expect(
        try database.run("SELECT xmin, ctid, * FROM tickets_blocked ORDER BY ticket_id") == before)
    }

    /// Negative control: a function that refuses, and holds what is free all the same.
    @Test func aRefusalThatWritesIsSeen() throws {
      #expect(try http.lock(["P-1"]).status == 200)
      let partial = try NaiveCommit.sql.replacingOnly(
        "outcomes[n] := 0;\n      ELSE",
        with: "outcomes[n] := 0;\n      END IF;\n      IF true THEN")
      let answer = try CommitFunction(site).replaced(by: partial) { try http.lock(["P-1", "P-3"]) }
      #expect(answer.body == Answer.refused(["P-1"]))
      #expect(
        try database.column("SELECT ticket_id FROM tickets_blocked ORDER BY 1") == ["P-1", "P-3"])
    }

    /// From many places at once, while holds are placed: no error, and no lock waits for it.
    @Test func unlockFromManyPlacesAtOnce() throws {
      try database.run(
        """
        INSERT INTO tickets_blocked (ticket_id, locked_up)
        SELECT 'old-' || n, now() - interval '1 s' FROM generate_series(1, 20000) n
        """)
      let port = site.httpPort
      let wrong = Monitor<[String]>([])
      try inParallel(16) { index in
        let http = HTTPConnection(port: port)
        for round in 0..<5 {
          let ticket = "P-\((index - 12) * 5 + round + 1)"
          let isSweep = index < 12
          let answer = isSweep ? try http.releaseExpired() : try http.lock([ticket])
          if answer.body != (isSweep ? Answer.swept : Answer.granted([ticket])) {
            wrong.withLock { $0.append(answer.body) }
          }
        }
      }
      #expect(wrong.withLock { $0 } == [])
      #expect(try database.count("SELECT count(*) FROM tickets_blocked") == 20)
      #expect(!(try site.log("postgres").contains("deadlock")))
    }

    /// A row that somebody has locked is left to the next sweep, and is waited for by nobody.
    @Test func unlockWaitsForNobody() throws {
      try database.run(
        """
        INSERT INTO tickets_blocked (ticket_id, locked_up)
        VALUES ('old-1', now() - interval '1 s'), ('old-2', now() - interval '1 s');
        """)
      let other = try site.database()
      try other.run("BEGIN; SELECT * FROM tickets_blocked WHERE ticket_id = 'old-1' FOR UPDATE")
      #expect(try http.releaseExpired().body == Answer.swept)
      #expect(try database.column("SELECT ticket_id FROM tickets_blocked") == ["old-1"])
      try other.run("ROLLBACK")
      #expect(try http.releaseExpired().body == Answer.swept)
      #expect(try database.count("SELECT count(*) FROM tickets_blocked") == 0)
    }
  }
}
