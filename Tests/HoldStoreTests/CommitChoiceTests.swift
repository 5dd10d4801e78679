import Holds
import Testing

@testable import HoldStore

extension ServerSuites {
  /// Tickets that were chosen are found again when the same call for best available tickets is repeated.
  @Suite struct CommitChoiceTests {
    private static let cart = "secret-of-the-cart"

    private let database: Database
    private let other: Database
    private let choice: ChoiceKey

    init() throws {
      database = try Database(selling: ["a", "b", "c", "d"])
      other = try Database(beside: database)
      choice = try #require(Self.choice(2))
    }

    private static func choice(_ quantity: Int) -> ChoiceKey? {
      ChoiceKey(
        BestRequest(
          eventID: "E", quantity: quantity, reservedSeconds: 60, holdID: HoldID(cart)))
    }

    private func chosen() throws -> [String] {
      try database.texts(
        "SELECT ticket_id FROM tickets_blocked WHERE choice_key IS NOT NULL ORDER BY 1")
    }

    private func lock(_ ticketIDs: [String]) -> HoldOperation {
      .lock(ticketIDs, as: Self.cart, choice: choice)
    }

    @Test func aChoiceIsStoredAsAHash() throws {
      #expect(try database.outcomes(lock(["a", "b"]), .lock("c")) == ["granted", "granted"])
      #expect(try chosen() == ["a", "b"])
      #expect(try database.bool("NOT bool_or(b::text LIKE '%secret%') FROM tickets_blocked b"))
    }

    @Test func othersAreDeferredAsLongAsTicketsOfTheChoiceAreLive() throws {
      #expect(try database.outcomes(lock(["a", "b"])) == ["granted"])
      #expect(
        try database.outcomes(lock(["c", "d"]), lock(["a", "c"]), lock(["a"]), lock(["a", "b"]))
          == ["deferred", "deferred", "deferred", "granted"])
      try database.expire()
      #expect(try database.outcomes(lock(["c", "d"])) == ["granted"])
      #expect(try chosen() == ["a", "b", "c", "d"], "the expired rows are still there")
    }

    @Test func aBatchSeesItsOwnChoices() throws {
      #expect(
        try database.outcomes(
          lock(["a", "b"]), lock(["c", "d"]), lock(["b", "a"]),
          .release("a", "b", as: Self.cart), lock(["c", "d"]))
          == ["granted", "deferred", "granted", "released", "granted"])
      #expect(try chosen() == ["c", "d"])
    }

    @Test func aChoiceIsKeptByARenewalAndEndsWithTheHold() throws {
      #expect(try database.outcomes(lock(["a", "b"])) == ["granted"])
      #expect(
        try database.outcomes(.lock("a", "c", seconds: 900, as: Self.cart)) == ["granted"])
      #expect(try chosen() == ["a", "b"])
      try database.expire()
      #expect(try database.outcomes(.lock("a"), lock(["b", "d"])) == ["granted", "granted"])
      #expect(try chosen() == ["b", "d"])
    }

    @Test func anotherChoiceOfTheCartIsAnother() throws {
      let three = try #require(Self.choice(3))
      #expect(
        try database.outcomes(
          lock(["a", "b"]), .lock(["b", "c", "d"], as: Self.cart, choice: three),
          .lock(["c", "d"], as: Self.cart, choice: three), lock(["a", "b"]))
          == ["granted", "refused b held", "granted", "granted"])
      #expect(try database.outcomes(lock(["b"])) == ["deferred"])
    }

    // MARK: - What the cart has already

    /// Chosen tickets of which the cart holds one already, since it named it: in the same batch, and in
    /// one before.
    private func chooseWhatTheCartHas() throws -> [String] {
      try database.outcomes(.lock("a", as: Self.cart), lock(["a", "b"]))
        + database.outcomes(lock(["a", "b"]))
    }

    @Test func whatTheCartHasAlreadyIsNotChosen() throws {
      #expect(try chooseWhatTheCartHas() == ["granted", "refused a held", "refused a held"])
    }

    /// Negative control: the cart asks for two tickets more, and gets one.
    @Test func withoutALookAtTheChoiceItIs() throws {
      try database.takeOut(
        "\n                    OR v_pick > 0 AND v_choice[i] <> v_pick) THEN", insteadOf: ") THEN")
      #expect(try chooseWhatTheCartHas() == ["granted", "granted", "granted"])
    }

    @Test func ofTwoTransactionsOneDecides() throws {
      try other.run("BEGIN")
      #expect(try other.outcomes(lock(["a", "b"])) == ["granted"])
      #expect(try database.outcomes(lock(["c", "d"]), .lock("c")) == ["deferred", "granted"])
      try other.run("COMMIT")
      #expect(try database.outcomes(lock(["d"])) == ["deferred"])
      #expect(try database.outcomes(lock(["a", "b"])) == ["granted"])
    }
  }
}
