import Holds
import Postgres
import TestSupport
import Testing
import Threads

@testable import HoldStore

extension ServerSuites {
  /// Commits that wait for a synchronous standby that is away: their sessions stay on the server whatever
  /// becomes of the client, until it comes back or they are cancelled.
  @Suite struct HungCommitTests {
    private let server: PostgresServer
    private let database: Database

    init() throws {
      server = try PostgresServer()
      database = try Database(on: server, selling: ["a"] + (0..<100).map { "\($0)" })
    }

    private var settings: HoldStoreSettings {
      HoldStoreSettings().with {
        $0.conninfo = database.conninfo
        $0.pool.connections = 3
        $0.statementTimeoutMilliseconds = 500
        $0.answerTimeoutMilliseconds = 2000
        $0.sweepIntervalMilliseconds = 0
      }
    }

    /// The most sessions that wait at once while locks are asked for and the standby is away.
    private func mostSessions(_ change: (inout HoldStoreSettings) -> Void = { _ in }) throws -> Int
    {
      let answers = Answers()
      return try HoldStore.run(settings.with(change)) { store in
        #expect(try store.outcome(.lock("a")).isGranted)
        try database.hangCommits()
        var most = 0
        for ticket in 0..<50 {
          answers.submit(.lock("\(ticket)"), as: ticket, to: store)
          Instant.now.advanced(byMilliseconds: 300).sleep()
          most = max(most, try database.hungSessionCount())
        }
        // Once the standby is back, so is the store.
        try database.wait(forStandby: "")
        try waitUntil("the sessions end") { try database.hungSessionCount() == 0 }
        _ = try answers.wait(for: 50)
        try waitUntil("locks are granted again") { try store.outcome(.lock("99")).isGranted }
        return most
      }
    }

    @Test func sessionsLeftBehindAreBounded() throws {
      let most = try mostSessions()
      #expect((3...6).contains(most), "\(most)")
    }

    /// Negative control.
    @Test func withoutTheBoundEachHungCommitLeavesASession() throws {
      let most = try mostSessions { $0.refusesHungCommits = false }
      #expect(most > 6, "\(most)")
    }

    /// PostgreSQL then says that the commit has been made, and warns that it may not have been replicated.
    @Test func aCommitWhoseWaitIsCancelledIsNotAnsweredWith200() throws {
      try HoldStore.run(settings) { store in
        #expect(try store.outcome(.lock("a")).isGranted)
        try database.hangCommits()
        let answers = Answers()
        answers.submit(.lock("1"), as: 1, to: store)
        try database.cancelTheWait()
        let outcome = try answers.wait(for: 1)[1]
        #expect(outcome == .failed(.outcomeUnknown), "\(String(describing: outcome))")
        #expect(try database.holds().keys.contains("1"))
        try database.wait(forStandby: "")
      }
    }

    /// The sale is seen, but it may be lost with this server: who asks again waits for the standby too.
    @Test func aRepeatedConfirmIsNotAnsweredWith200BeforeTheSaleIsReplicated() throws {
      try HoldStore.run(settings) { store in
        #expect(try store.outcome(.lock("a")).isGranted)
        try database.hangCommits()
        let answers = Answers()
        answers.submit(.confirm("1", order: "1"), as: 1, to: store)
        try database.cancelTheWait()
        #expect(try answers.wait(for: 1)[1] == .failed(.outcomeUnknown))
        answers.submit(.confirm("1", order: "1"), as: 2, to: store)
        let outcome = try answers.wait(for: 2)[2]
        #expect(outcome == .failed(.outcomeUnknown), "\(String(describing: outcome))")
        try database.wait(forStandby: "")
        try waitUntil("the sale is made") {
          try store.outcome(.confirm("1", order: "1")) == .sold
        }
      }
    }

    /// Negative control: a repeat that leaves no record has nothing to wait for.
    @Test func withoutItsRecordARepeatedConfirmWaitsForNobody() throws {
      let confirm = HoldOperation.confirm("1", order: "1")
      #expect(try database.outcomes(confirm) == ["sold"])
      try database.hangCommits()
      func repeats(_ statement: String) throws {
        try Database(beside: database).connection.query(
          statement,
          CommitStatement([confirm]).parameters(
            longestHoldSeconds: 7200, isStrict: false, record: CommitRecord()),
          deadline: .now.advanced(byMilliseconds: 2000))
      }
      let recorded = EmbeddedSQL.commitStatement
      #expect(throws: PostgresError.self) { try repeats(recorded) }
      try repeats(recorded.replacing("d.outcomes && '{1, 3}'", with: "1 = ANY (d.outcomes)"))
    }

    /// Negative control.
    @Test func withoutTheWarningACancelledCommitCountsAsMade() throws {
      func insert(_ messages: String) throws -> Int {
        let session = try Database(beside: database)
        try session.run("SET client_min_messages = \(messages)")
        let commit = Background {
          try session.integer("SELECT pg_logical_emit_message(true, 'test', '') - '0/0'")
        }
        try database.cancelTheWait()
        return try commit.value()
      }
      try database.hangCommits()
      #expect(try insert("error") > 0)
      let error = #expect(throws: PostgresError.self) { try insert("warning") }
      #expect(error?.code == .connectionLost)
    }
  }
}
