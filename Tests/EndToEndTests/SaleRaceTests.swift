import TestSupport
import Testing

extension EndToEnd {
  /// No hold on a ticket whose sale was committed before the hold was; the interleavings are forced.
  ///
  /// One committer, so that what waits behind a batch shares the next; and a lock timeout that lets it
  /// really wait for another's insert.
  @Suite(
    "The sale race",
    .site([
      "HOLDFAST_LOCK_TIMEOUT": "11s", "HOLDFAST_COMMITTERS": "1",
      "HOLDFAST_POOL_SIZE": "2", "HOLDFAST_SWEEP_INTERVAL": "0",
    ]))
  struct SaleRaceTests {
    private static let withoutSecondLook = (
      "RAISE serialization_failure USING MESSAGE = 'a ticket was sold while the batch was decided'",
      "NULL"
    )
    private static let withoutPuttingOff = ("v_state[i] := 8;", "NULL;")
    private static let withoutCount = ("v_missed <> 0", "false")

    private let site: Site
    private let seller: Database
    private let observer: Database

    init() throws {
      site = try .ofSuite()
      seller = try site.database()
      observer = try site.database()
      try observer.run("TRUNCATE tickets_blocked; DELETE FROM tickets WHERE ticket_id LIKE 'R-%'")
      try site.addTickets("R-", count: 9)
    }

    private func startLock(_ tickets: [String]) -> Background<HTTPResponse> {
      let port = site.httpPort
      return Background { try HTTPConnection(port: port).lock(tickets) }
    }

    private func held() throws -> [String] {
      try observer.column("SELECT ticket_id FROM tickets_blocked ORDER BY 1")
    }

    /// A sale under way of a ticket whose hold has expired, as the shop would do it.
    private func beginSaleOfExpiredHold() throws {
      try seller.run(
        """
        INSERT INTO tickets_blocked (ticket_id, locked_up) VALUES ('R-1', now() - interval '1 s');
        """)
      try seller.run(
        """
        BEGIN;
        DELETE FROM tickets_blocked WHERE ticket_id = 'R-1';
        UPDATE tickets SET status = false WHERE ticket_id = 'R-1';
        """)
    }

    /// Starts a lock of, in a batch with two of other tickets that are answered at once.
    private func startLockInABatch() throws -> Background<HTTPResponse> {
      let blocker = try site.sessionInserting("R-9")
      let first = startLock(["R-9"])
      try observer.waitUntilBatchIsBlocked()
      let racing = startLock(["R-2", "R-1"])
      let others = [startLock(["R-3"]), startLock(["R-4"])]
      // Time for them to reach the queue; were they late, the test would only prove less.
      Clock.sleep(0.2)
      try blocker.run("ROLLBACK")
      let start = Clock.now
      for lock in [first] + others { #expect(try lock.value().status == 200) }
      // They do not wait for the row that only the racing one needs, as they would for 11 s.
      #expect(Clock.now - start < 9)
      #expect(!racing.isDone)
      return racing
    }

    /// A sale that is rolled back leaves the ticket.
    @Test(arguments: ["COMMIT", "ROLLBACK"])
    func aSaleThatDeletesAnExpiredHold(endingWith end: String) throws {
      let isSold = end == "COMMIT"
      try beginSaleOfExpiredHold()
      let racing = try startLockInABatch()
      try seller.run(end)
      #expect(
        try racing.value().body
          == (isSold ? Answer.refused(["R-1"]) : Answer.granted(["R-2", "R-1"])))
      #expect(try held() == (isSold ? [] : ["R-1", "R-2"]) + ["R-3", "R-4", "R-9"])
    }

    /// Negative control: what waits for the seller's row, and neither looks again nor counts what it has
    /// changed, holds a sold ticket.
    @Test func withoutPuttingOffASoldTicketIsHeld() throws {
      let replacements = [Self.withoutPuttingOff, Self.withoutSecondLook, Self.withoutCount]
      try CommitFunction(site).replacing(replacements) {
        try beginSaleOfExpiredHold()
        let racing = startLock(["R-2", "R-1"])
        try observer.waitUntilBatchIsBlocked()
        try seller.run("COMMIT")
        #expect(try racing.value().body == Answer.granted(["R-2", "R-1"]))
      }
    }

    /// The lock waits for the insert of a hold that is then deleted by its own sale.
    private func lockDuringInsertAndSale(endingWith end: String) throws -> HTTPResponse {
      try seller.run(
        "BEGIN; INSERT INTO tickets_blocked (ticket_id, locked_up) VALUES ('R-1', now() + interval '1 h')"
      )
      let racing = startLock(["R-1", "R-2"])
      try observer.waitUntilBatchIsBlocked()
      try seller.run(
        """
        DELETE FROM tickets_blocked WHERE ticket_id = 'R-1';
        UPDATE tickets SET status = false WHERE ticket_id = 'R-1';
        \(end)
        """)
      return try racing.value()
    }

    @Test(arguments: ["COMMIT", "ROLLBACK"])
    func aSaleWhileTheLockWaitsForItsInsert(endingWith end: String) throws {
      let isSold = end == "COMMIT"
      let response = try lockDuringInsertAndSale(endingWith: end)
      #expect(
        response.body == (isSold ? Answer.refused(["R-1"]) : Answer.granted(["R-1", "R-2"])))
      #expect(try held() == (isSold ? [] : ["R-1", "R-2"]))
    }

    /// Negative control: without the second look at the status, the sold ticket is held.
    @Test func withoutTheSecondLookASoldTicketIsHeld() throws {
      try CommitFunction(site).replacing([Self.withoutSecondLook]) {
        let response = try lockDuringInsertAndSale(endingWith: "COMMIT")
        #expect(response.body == Answer.granted(["R-1", "R-2"]))
      }
    }
  }
}
