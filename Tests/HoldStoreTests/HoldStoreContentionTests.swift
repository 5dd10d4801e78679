import Holds
import TestSupport
import Testing
import Threads

@testable import HoldStore

extension ServerSuites {
  /// A row that somebody else has locked holds up what needs it, and nothing else.
  @Suite struct HoldStoreContentionTests {
    private let database: Database
    private let other: Database
    private let settings: HoldStoreSettings

    init() throws {
      database = try Database(selling: ["a", "b"])
      other = try Database(beside: database)
      settings = .patient(database.conninfo)
    }

    /// Has `other` keep the row of "a" locked, whose hold has expired.
    private func lockExpiredRow() throws {
      try database.run("INSERT INTO tickets_blocked VALUES ('a', now() - interval '1 s')")
      try other.run("BEGIN; SELECT FROM tickets_blocked FOR UPDATE")
    }

    @Test func whatIsPutOffIsDoneOnceTheRowIsFree() throws {
      try lockExpiredRow()
      try HoldStore.run(settings) { store throws in
        let answers = Answers()
        answers.submit(.lock("a"), as: 0, to: store)
        answers.submit(.lock("b"), as: 1, to: store)
        #expect(try answers.wait(for: 1)[1]?.isGranted == true)
        try other.run("ROLLBACK")
        #expect(try answers.wait(for: 2)[0]?.isGranted == true)
      }
    }

    /// Whatever the pauses between attempts are, some deadline falls into one and some after it.
    @Test(arguments: [4000, 4010, 4020, 4030, 4040, 4050])
    func aRowThatStaysLockedIsContendedAndHurtsNobodyElse(timeoutMilliseconds: Int) throws {
      let tickets = (0..<60).map { "t\($0)" }
      try database.sell(tickets)
      try lockExpiredRow()
      let settings = settings.with { $0.answerTimeoutMilliseconds = timeoutMilliseconds }
      try HoldStore.run(settings) { store throws in
        let answers = Answers()
        for number in 0..<60 {
          if number < 30 { answers.submit(.lock("a"), as: 1000 + number, to: store) }
          answers.submit(.lock(tickets[number]), as: number, to: store)
          _ = Monitor(0).wait(until: .now.advanced(byMilliseconds: 10)) { _ in nil as Void? }
        }
        let outcomes = try answers.wait(for: 90)
        let contended = outcomes.filter { $0.key >= 1000 }.values
        let others = outcomes.filter { $0.key < 1000 }.values
        #expect(contended.filter { $0 != .failed(.contended) } == [])
        #expect(others.filter { !$0.isGranted } == [])
      }
      try other.run("ROLLBACK")
    }

    /// What becomes, within that time, of a lock whose row stays locked.
    private func outcomeOfALockedRow(
      answerTimeoutMilliseconds: Int, within milliseconds: Int
    ) throws -> HoldOutcome? {
      try lockExpiredRow()
      let settings = settings.with { $0.answerTimeoutMilliseconds = answerTimeoutMilliseconds }
      return try HoldStore.run(settings) { store throws in
        let answers = Answers()
        answers.submit(.lock("a"), as: 0, to: store)
        let outcome = answers.first(withinMilliseconds: milliseconds)?.outcome
        try other.run("ROLLBACK")
        _ = try answers.wait(for: 1)
        return outcome
      }
    }

    @Test func whoeverWaitsForTooLongIsToldSo() throws {
      let outcome = try outcomeOfALockedRow(answerTimeoutMilliseconds: 300, within: 25_000)
      #expect(outcome?.isGranted == false)
    }

    /// Negative control.
    @Test func withoutTheBoundOfItsTimeARequestWaitsOn() throws {
      #expect(
        try outcomeOfALockedRow(answerTimeoutMilliseconds: 60_000, within: 1000) == nil)
    }

    /// Another's insert that takes its time, as with a slow disk: nobody hears that the ticket is busy.
    @Test func whoeverWaitsForASlowCommitHearsTheTruth() throws {
      try database.sell((0..<20).map { "t\($0)" })
      try other.run("BEGIN; INSERT INTO tickets_blocked VALUES ('a', now() + interval '1 hour')")
      try HoldStore.run(settings.with { $0.contentionMilliseconds = 20_000 }) { store throws in
        let answers = Answers()
        for number in 0..<20 {
          answers.submit(.lock("a"), as: 1000 + number, to: store)
          answers.submit(.lock("t\(number)"), as: number, to: store)
        }
        // Those who do not need it are not kept waiting for it.
        #expect(
          try answers.wait(for: 20).filter { $0.key < 1000 && $0.value.isGranted }.count == 20)
        try other.run("COMMIT")
        let outcomes = try answers.wait(for: 40)
        #expect(outcomes.filter { $0.key >= 1000 && $0.value.isRefused }.count == 20)
      }
    }

    /// Whether a lock is answered within that time behind a commit that waits for another's insert.
    private func isAnsweredBehindAWait(
      lockTimeoutMilliseconds: Int, within milliseconds: Int
    ) throws -> Bool {
      var settings = settings
      settings.committers = 1
      settings.lockTimeoutMilliseconds = lockTimeoutMilliseconds
      return try HoldStore.run(settings) { store throws in
        // The dry commit, too, would wait.
        #expect(try store.outcome(.release("a")) == .released)
        try other.run("BEGIN; INSERT INTO tickets_blocked VALUES ('a', now() + interval '1 hour')")
        let answers = Answers()
        answers.submit(.lock("a"), as: 0, to: store)
        try Database(beside: database).waitForBlockedStatement()
        answers.submit(.lock("b"), as: 1, to: store)
        let isAnswered = answers.first(withinMilliseconds: milliseconds)?.number == 1
        try other.run("ROLLBACK")
        #expect(try answers.wait(for: 2).values.allSatisfy { $0.isGranted })
        return isAnswered
      }
    }

    @Test func anInsertOfAnothersIsWaitedForForAWhileOnly() throws {
      #expect(try isAnsweredBehindAWait(lockTimeoutMilliseconds: 20, within: 25_000))
    }

    /// Negative control.
    @Test func withoutTheBoundOfTheWaitAllOthersWaitToo() throws {
      #expect(try !isAnsweredBehindAWait(lockTimeoutMilliseconds: 20_000, within: 500))
    }

    /// What becomes, within that time, of locks of "a" and "z" after one of "a", "m" and "z" has waited in
    /// vain for another's insert of "m".
    private func neighboursOfAContendedTicket(
      triesTickets: Bool, within milliseconds: Int
    ) throws -> [Int: HoldOutcome] {
      try database.sell(["m", "z"])
      var (settings, events) = (settings, Events())
      // Who pauses does so for longer than this test waits.
      settings.contentionMilliseconds = 200_000
      settings.triesTickets = triesTickets
      return try HoldStore.run(settings, events: events) { store throws in
        #expect(try store.outcome(.release("a")) == .released)
        try other.run("BEGIN; INSERT INTO tickets_blocked VALUES ('m', now() + interval '1 hour')")
        let answers = Answers()
        answers.submit(.lock("a", "m", "z"), as: 0, to: store)
        try events.wait { $0.isFailure(.lockNotAvailable) }
        answers.submit(.lock("a"), as: 1, to: store)
        answers.submit(.lock("z"), as: 2, to: store)
        let limit = Instant.now.advanced(byMilliseconds: milliseconds)
        var outcomes: [Int: HoldOutcome] = [:]
        while outcomes.count < 2, Instant.now < limit {
          Instant.now.advanced(byMilliseconds: 10).sleep()
          outcomes = try answers.wait(for: 0)
        }
        // Of all that was tried, only what was granted is there.
        #expect(try database.holds().count == outcomes.count)
        try other.run("ROLLBACK")
        return outcomes
      }
    }

    @Test func whoeverWantsOtherTicketsThanTheContendedOneGetsThem() throws {
      let outcomes = try neighboursOfAContendedTicket(triesTickets: true, within: 15_000)
      #expect(outcomes[1]?.isGranted == true && outcomes[2]?.isGranted == true)
      #expect(outcomes[0] == nil)
    }

    /// Negative control.
    @Test func withoutTryingEachTicketAllOfThemAreContended() throws {
      #expect(try neighboursOfAContendedTicket(triesTickets: false, within: 500) == [:])
    }

    /// One that never ends: once waits have been in vain for a while, requests are refused at once.
    @Test func whoeverWantsATicketThatIsBeingInsertedForEverIsToldSoon() throws {
      try other.run("BEGIN; INSERT INTO tickets_blocked VALUES ('a', now() + interval '1 hour')")
      var settings = settings
      settings.contentionMilliseconds = 2000
      settings.answerTimeoutMilliseconds = 60_000
      try HoldStore.run(settings) { store throws in
        let answers = Answers()
        answers.submit(.lock("a"), as: 0, to: store)
        let limit = Database.patience
        var number = 0
        var outcomes: [Int: HoldOutcome] = [:]
        while outcomes.isEmpty {
          number += 1
          guard Instant.now < limit else { throw Failure("nobody is told") }
          answers.submit(.lock("a"), as: number, to: store)
          Instant.now.advanced(byMilliseconds: 100).sleep()
          outcomes = try answers.wait(for: 0)
        }
        // Those who have waited from the beginning wait on.
        #expect(outcomes[0] == nil)
        #expect(outcomes.values.allSatisfy { $0 == .failed(.contended) })
        #expect(try store.outcome(.lock("b")).isGranted)
        try other.run("ROLLBACK")
      }
    }

    /// Two slow commits far apart are no reason to refuse, if the ticket was had in between.
    @Test func whoeverGotTheTicketHasShownThatItIsFree() throws {
      let (settings, events) = (settings.with { $0.contentionMilliseconds = 6000 }, Events())
      let insert = "BEGIN; INSERT INTO tickets_blocked VALUES ('a', now() + interval '1 hour')"
      try HoldStore.run(settings, events: events) { store throws in
        let answers = Answers()
        try other.run(insert)
        answers.submit(.lock("a"), as: 0, to: store)
        try events.wait { $0.isFailure(.lockNotAvailable) }
        let patientUntil = Instant.now.advanced(byMilliseconds: 6000)
        try other.run("ROLLBACK")
        #expect(try answers.wait(for: 1)[0]?.isGranted == true)
        #expect(try store.outcome(.release("a")) == .released)
        patientUntil.sleep()
        let before = events.all.count { $0.isFailure(.lockNotAvailable) }
        try other.run(insert)
        answers.submit(.lock("a"), as: 1, to: store)
        try events.wait(for: before + 1) { $0.isFailure(.lockNotAvailable) }
        answers.submit(.lock("a"), as: 2, to: store)
        try other.run("COMMIT")
        #expect(try answers.wait(for: 3)[2]?.isRefused == true)
      }
    }

    @Test func aStopEndsAlthoughARowStaysLocked() throws {
      try lockExpiredRow()
      let settings = settings.with { $0.answerTimeoutMilliseconds = 150 }
      // The deadline falls now between two attempts and now into one.
      for _ in 0..<6 {
        let store = HoldStore(settings: settings) { _ in }
        let answers = Answers()
        answers.submit(.lock("a"), as: 0, to: store)
        try Background { store.stop() }.value()
        #expect(try answers.wait(for: 1)[0]?.isGranted == false)
      }
      try other.run("ROLLBACK")
    }
  }
}
