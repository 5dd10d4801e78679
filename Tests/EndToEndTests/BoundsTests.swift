import Foundation
import TestSupport
import Testing

extension EndToEnd {
  /// What is bounded is refused at once past its bound.
  @Suite("Bounds")
  struct BoundsTests {
    /// One committer waits for a lock, and sixteen requests want to wait for it.
    ///
    /// - Parameter queueLength: How many of them may.
    /// - Returns: The answers of those who may not, which come at once.
    private func crowdTheQueue(length queueLength: Int) throws -> [HTTPResponse] {
      let site = try Site.shared()
      let database = try site.database()
      try database.run("TRUNCATE tickets_blocked; DELETE FROM tickets WHERE ticket_id LIKE 'Q-%'")
      try site.addTickets("Q-", count: 20)
      let service = try ServiceProcess(
        on: site,
        settings: [
          "HOLDFAST_QUEUE_LENGTH": "\(queueLength)", "HOLDFAST_COMMITTERS": "1",
          "HOLDFAST_POOL_SIZE": "2", "HOLDFAST_LOCK_TIMEOUT": "11s", "HOLDFAST_RETRY_AFTER": "3s",
        ])
      try service.waitUntilReady()
      let blocker = try site.sessionInserting("Q-1")
      let path = service.socketPath
      func startLock(_ number: Int) -> Background<HTTPResponse> {
        Background { try FastCGIPeer(path: path).lock(["Q-\(number)"]) }
      }
      let first = startLock(1)
      try database.waitUntilBatchIsBlocked()
      let others = (2...17).map(startLock)
      let waiting = min(queueLength, others.count)
      let peer = try service.peer()
      try waitUntil("\(waiting) wait, and the others are refused") {
        let metrics = try peer.request("GET", "/metrics").body
        return metrics.contains("\nholdfast_queue_length \(waiting)\n")
          && others.count { $0.isDone } == others.count - waiting
      }
      #expect(!first.isDone)
      let refused = try others.filter(\.isDone).map { try $0.value() }
      try blocker.run("ROLLBACK")
      #expect(try first.value().status == 200)
      #expect(try others.map { try $0.value().status }.filter { $0 == 200 }.count == waiting)
      #expect(try database.count("SELECT count(*) FROM tickets_blocked") == 1 + waiting)
      try database.run("TRUNCATE tickets_blocked")
      return refused
    }

    /// Four requests wait; all others are told so at once.
    @Test func aFullQueue() throws {
      let refused = try crowdTheQueue(length: 4)
      #expect(refused.count == 12)
      for answer in refused {
        #expect(
          answer.body
            == Answer.bad("Service busy: the queue is full; nothing was changed", status: 503))
        #expect(answer["Retry-After"] == "3")
      }
    }

    /// Negative control.
    @Test func withoutTheBoundAllOfThemWait() throws {
      #expect(try crowdTheQueue(length: 1024).isEmpty)
    }

    /// Six ask for a list, one after the other, while none can be read.
    ///
    /// - Parameter lists: How many may be in memory at once.
    /// - Returns: What they are answered in the end.
    private func crowdTheLists(_ lists: Int) throws -> [Int] {
      let site = try Site.shared()
      return try site.withMigratedDatabase { name, database in
        let event = try SeatEvent(on: site, seats: 1, database: database)
        let service = try ServiceProcess(
          on: site, database: name,
          settings: ["HOLDFAST_LISTS": "\(lists)", "HOLDFAST_WORKERS": "1"])
        try service.waitUntilReady()
        try event.database.run("BEGIN; LOCK TABLE tickets")
        let peers = try (0..<6).map { _ in
          let peer = try service.peer()
          try peer.send(
            "POST", "/tickets_list_event", body: #"{"data":{"event_id":"\#(event.id)"}}"#)
          // Once this is answered, the request before it has been read.
          #expect(try service.peer().request("GET", "/livez").status == 200)
          return peer
        }
        try event.database.run("ROLLBACK")
        return try peers.map { try $0.readResponse().status }
      }
    }

    @Test func listsInMemory() throws {
      let statuses = try crowdTheLists(2)
      #expect(statuses == [200, 200, 503, 503, 503, 503])
    }

    /// Negative control.
    @Test func withoutTheBoundAllListsAreInMemory() throws {
      let statuses = try crowdTheLists(100)
      #expect(statuses == [200, 200, 200, 200, 200, 200])
    }
  }
}
