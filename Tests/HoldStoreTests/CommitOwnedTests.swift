import Holds
import TestSupport
import Testing

@testable import HoldStore

extension ServerSuites {
  /// Holds that belong to a cart: repeated, renewed up to the cap, released by their owner alone.
  @Suite struct CommitOwnedTests {
    private let database: Database

    init() throws {
      database = try Database(selling: ["a", "b", "c", "d"])
    }

    /// As if that much time had passed for a hold.
    private func age(_ ticketID: String, seconds: Int) throws {
      try database.run(
        """
        UPDATE tickets_blocked SET locked_up = locked_up - interval '\(seconds) s',
                                   date_created = date_created - interval '\(seconds) s'
         WHERE ticket_id = '\(ticketID)'
        """)
    }

    private func grant(_ operation: HoldOperation) throws -> (grant: HoldGrant, decidedAt: Int) {
      let commit = try database.commit([operation])
      guard case .decided(.granted(let grant)) = commit.verdicts[0] else {
        throw Unexpected(verdict: commit.verdicts[0])
      }
      return (grant, commit.decidedAt)
    }

    private struct Unexpected: Error {
      let verdict: CommitVerdicts.Verdict
    }

    @Test func aHoldIsRepeatedByItsOwnerAndRefusedToOthers() throws {
      #expect(
        try database.outcomes(
          .lock("a", as: "one"), .lock("a", as: "one"), .lock("a", as: "two"), .lock("a"))
          == ["granted", "granted", "refused a held", "refused a held"])
      #expect(
        try database.outcomes(.lock("a", as: "two"), .lock("a"), .lock("a", as: "one"))
          == ["refused a held", "refused a held", "granted"])
    }

    @Test func anAnonymousHoldIsNobodysToRepeat() throws {
      #expect(try database.outcomes(.lock("a"), .lock("a")) == ["granted", "refused a held"])
      #expect(
        try database.outcomes(.lock("a"), .lock("a", as: "one"))
          == ["refused a held", "refused a held"])
    }

    @Test func aRenewalNeverEndsEarlierThanTheHoldDid() throws {
      let first = try grant(.lock("a", seconds: 600, as: "one")).grant
      let second = try grant(.lock("a", seconds: 60, as: "one")).grant
      #expect(second.expiresAtUnixMicroseconds == first.expiresAtUnixMicroseconds)
      let third = try grant(.lock("a", seconds: 900, as: "one"))
      #expect(third.grant.expiresAtUnixMicroseconds == Int64(third.decidedAt) + 900_000_000)
      let row = try #require(try database.holds()["a"])
      #expect(Int64(row.until) == third.grant.expiresAtUnixMicroseconds)
      #expect(Int64(row.created) == first.expiresAtUnixMicroseconds - 600_000_000)
    }

    @Test func aRenewalEndsAtTheCapCountedFromTheFirstGrant() throws {
      _ = try grant(.lock("a", seconds: 7200, as: "one"))
      try age("a", seconds: 7000)
      let created = try #require(try database.holds()["a"]).created
      let renewed = try grant(.lock("a", seconds: 600, as: "one")).grant
      #expect(renewed.expiresAtUnixMicroseconds == Int64(created) + 7_200_000_000)
      #expect(renewed.expiresInSeconds <= 200)
      // What was there already and ends later than the cap stays, and is not renewed further.
      try database.run("UPDATE tickets_blocked SET locked_up = now() + interval '1 day'")
      let until = try #require(try database.holds()["a"]).until
      #expect(
        try grant(.lock("a", seconds: 600, as: "one")).grant.expiresAtUnixMicroseconds
          == Int64(until))
    }

    @Test func theCapCountsAnewAfterAReleaseAndAfterALapse() throws {
      _ = try grant(.lock("a", "b", seconds: 7200, as: "one"))
      for ticketID in ["a", "b"] { try age(ticketID, seconds: 7100) }
      #expect(try database.outcomes(.release("a", as: "one")) == ["released"])
      try age("b", seconds: 200)
      let renewed = try grant(.lock("a", "b", seconds: 600, as: "one")).grant
      #expect(renewed.expiresInSeconds == 600)
    }

    @Test func theAnswerTellsTheEarliestEndOfTheTickets() throws {
      _ = try grant(.lock("a", seconds: 7200, as: "one"))
      try age("a", seconds: 7100)
      // "b" is new and would last longer than what is left for "a".
      let grown = try grant(.lock("a", "b", seconds: 600, as: "one")).grant
      #expect(grown.expiresInSeconds <= 100)
      #expect(grown.expiresInSeconds >= 40)
    }

    /// Which holds have changed after a cart has asked in vain for more than it holds.
    private func changedByARefusedGrowth() throws -> [String] {
      #expect(
        try database.outcomes(.lock("a", "b", seconds: 60, as: "one"), .lock("c"))
          == ["granted", "granted"])
      let before = try database.holds()
      #expect(
        try database.outcomes(.lock("a", "b", "c", seconds: 600, as: "one")) == ["refused c held"])
      #expect(
        try database.outcomes(.lock("a", "d", "nowhere", seconds: 600, as: "one"))
          == ["refused nowhere unknown"])
      let after = try database.holds()
      return Set(before.keys).union(after.keys).filter { before[$0] != after[$0] }.sorted()
    }

    @Test func aRefusedGrowthLeavesWhatWasHeldExactlyAsItWas() throws {
      #expect(try changedByARefusedGrowth() == [])
    }

    /// Negative control: a request that is refused, and renews what it has.
    @Test func aRefusedGrowthThatRenewsWhatWasHeldIsSeen() throws {
      try database.takeOutCount()
      try database.takeOut(
        "waits[m] := v_until[i];\n            END IF;",
        insteadOf: """
          waits[m] := v_until[i];
          ELSE
            v_until[i] := 600 * 1000000; v_change[i] := 1; v_has_changes := true;
          END IF;
          """)
      #expect(try changedByARefusedGrowth() == ["a", "b"])
    }

    @Test func renewalsShareABatchWithTheGrantTheyRenew() throws {
      let batch = try database.commit([
        .lock("a", seconds: 60, as: "one"), .lock("a", "b", seconds: 300, as: "one"),
        .lock("a", seconds: 120, as: "one"),
      ])
      let ends = batch.verdicts.map { verdict -> Int64? in
        guard case .decided(.granted(let grant)) = verdict else { return nil }
        return grant.expiresInSeconds
      }
      #expect(ends == [60, 300, 300])
      let expected = HoldRow(
        until: batch.decidedAt + 300_000_000, created: batch.decidedAt, holdID: "one")
      #expect(try database.holds() == ["a": expected, "b": expected])
    }

    @Test func onlyItsOwnerReleasesAHoldAndAnybodyAnAnonymousOne() throws {
      #expect(
        try database.outcomes(.lock("a", as: "one"), .lock("b"), .lock("c"))
          == ["granted", "granted", "granted"])
      // Every release says the same: who holds what is never told.
      #expect(
        try database.outcomes(.release("a", as: "two"), .release("a"), .lock("a"))
          == ["released", "released", "refused a held"])
      #expect(try database.outcomes(.release("a", "c", as: "two")) == ["released"])
      #expect(try database.holds().keys.sorted() == ["a", "b"])
      #expect(
        try database.outcomes(.release("a", "b", as: "one"), .lock("a", "b"))
          == ["released", "granted"])
    }

    @Test func aWrongOwnerReleasesNothingInsideABatchEither() throws {
      #expect(
        try database.outcomes(
          .lock("a", as: "one"), .release("a"), .release("a", as: "two"), .lock("a", as: "two"),
          .release("a", as: "one"), .lock("a", as: "two"))
          == [
            "granted", "released", "released", "refused a held", "released", "granted",
          ])
      #expect(try database.holds()["a"]?.holdID == "two")
    }
  }
}
