import TestSupport
import Testing

extension EndToEnd {
  /// No deadlock: rows are taken in ticket order, whatever the order of the request.
  ///
  /// The rush of `ExclusivityTests` counts deadlocks; but two batches seldom meet so that they could
  /// have one. Here the order is looked at, while a batch waits in the middle of it.
  @Suite(
    "Lock order",
    .site(["HOLDFAST_LOCK_TIMEOUT": "11s"]))
  struct LockOrderTests {
    private let site: Site
    private let database: Database

    init() throws {
      site = try .ofSuite()
      database = try site.database()
    }

    /// Whether another could insert a hold on the ticket now.
    private func isFree(_ ticket: String) throws -> Bool {
      let other = try site.database()
      try other.run("SET lock_timeout = '100ms'; BEGIN")
      defer { _ = try? other.run("ROLLBACK") }
      do {
        try other.run(
          "INSERT INTO tickets_blocked (ticket_id, locked_up) VALUES ('\(ticket)', now())")
        return true
      } catch let error as Database.ServerError where error.code == "55P03" {
        return false
      }
    }

    /// The numbers of the tickets that a lock of all nine has taken when it waits for the fifth.
    private func takenWhileItWaits() throws -> [Int] {
      try database.run("TRUNCATE tickets_blocked; DELETE FROM tickets WHERE ticket_id LIKE 'D-%'")
      try site.addTickets("D-", count: 9)
      let blocker = try site.sessionInserting("D-5")
      let port = site.httpPort
      let wanted = ["D-7", "D-5", "D-2", "D-9", "D-3", "D-8", "D-1", "D-6", "D-4"]
      let lock = Background { try HTTPConnection(port: port).lock(wanted) }
      try database.waitUntilBatchIsBlocked()
      let taken = try (1...9).filter { try $0 != 5 && !isFree("D-\($0)") }
      try blocker.run("ROLLBACK")
      #expect(try lock.value().body == Answer.granted(wanted))
      return taken
    }

    @Test func ticketsAreTakenInOrder() throws {
      #expect(try takenWhileItWaits() == [1, 2, 3, 4])
    }

    /// Negative control: a function that takes them as the request names them.
    @Test func theRequestsOrderIsSeen() throws {
      let unordered = try NaiveCommit.sql.replacingOnly(" ORDER BY m", with: "")
      let taken = try CommitFunction(site).replaced(by: unordered) { try takenWhileItWaits() }
      #expect(taken == [7])
    }

    /// Two orders of bytes and of people's alphabets: every instance must use the same.
    @Test func theOrderIsThatOfTheBytes() throws {
      let names = ["B", "Z", "a", "b", "e\u{301}", "Ä", "ä", "é"]
      let values = names.map { "('\($0)')" }.joined(separator: ",")
      try database.run("INSERT INTO tickets (ticket_id) VALUES \(values)")
      let blocker = try site.sessionInserting("b")
      let port = site.httpPort
      let lock = Background { try HTTPConnection(port: port).lock(names.reversed()) }
      try database.waitUntilBatchIsBlocked()
      for name in ["B", "Z", "a"] { #expect(try !isFree(name)) }
      for name in ["Ä", "ä", "é"] { #expect(try isFree(name)) }
      try blocker.run("ROLLBACK")
      #expect(try lock.value().status == 200)
    }
  }
}
