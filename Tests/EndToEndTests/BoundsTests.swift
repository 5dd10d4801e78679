import Foundation
import Testing

extension EndToEnd {
  /// What is bounded is refused at once past its bound.
  @Suite("Bounds")
  struct BoundsTests {
    /// One committer waits for a lock, four requests wait for it; all others are told so at once.
    @Test func aFullQueue() throws {
      let site = try Site.shared()
      let database = try site.database()
      try database.run("TRUNCATE tickets_blocked; DELETE FROM tickets WHERE ticket_id LIKE 'Q-%'")
      try site.addTickets("Q-", count: 20)
      let service = try ServiceProcess(
        on: site,
        settings: [
          "HOLDFAST_QUEUE_LENGTH": "4", "HOLDFAST_COMMITTERS": "1", "HOLDFAST_POOL_SIZE": "2",
          "HOLDFAST_LOCK_TIMEOUT": "11s", "HOLDFAST_RETRY_AFTER": "3s",
        ])
      try service.waitUntilReady()
      let blocker = try site.database()
      try blocker.run(
        "BEGIN; INSERT INTO tickets_blocked (ticket_id, locked_up) VALUES ('Q-1', now())")
      let path = service.socketPath
      func startLock(_ number: Int) -> Parallel.Started<HTTPResponse> {
        Parallel.start { try FastCGIPeer(Socket(path: path)).lock(["Q-\(number)"]) }
      }
      let first = startLock(1)
      try database.waitUntilBatchIsBlocked()
      let others = (2...17).map(startLock)
      try Clock.wait("twelve are refused", seconds: 10) {
        others.count { $0.isFinished } == 12
      }
      #expect(!first.isFinished)
      let refused = try others.filter(\.isFinished).map { try $0.value() }
      for answer in refused {
        #expect(
          answer.body
            == Answer.bad("Service busy: the queue is full; nothing was changed", status: 503))
        #expect(answer["Retry-After"] == "3")
      }
      try blocker.run("ROLLBACK")
      #expect(try first.value().status == 200)
      #expect(try others.map { try $0.value().status }.filter { $0 == 200 }.count == 4)
      #expect(try database.count("SELECT count(*) FROM tickets_blocked") == 5)
      try database.run("TRUNCATE tickets_blocked")
    }
  }
}
