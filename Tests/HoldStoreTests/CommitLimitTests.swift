import Holds
import Postgres
import Testing

@testable import HoldStore

extension ServerSuites {
  /// How many live tickets one cart or one shopper may have.
  @Suite struct CommitLimitTests {
    private let database: Database
    private let other: Database

    init() throws {
      database = try Database()
      other = try Database(beside: database)
      try database.sell((1...9).map { "\($0)" })
    }

    private func lock(
      _ ticketIDs: String..., as secret: String? = nil, by shopper: String? = nil
    ) -> HoldOperation {
      .lock(ticketIDs, as: secret, shopper: shopper)
    }

    @Test func aCartHasNoMore() throws {
      #expect(
        try database.outcomes(
          lock("1", "2", as: "cart"), lock("3", "4", as: "cart"), lock("3", as: "cart"),
          lock("4", as: "cart"), lock("1", "2", "3", as: "cart"), lock("4", "5", "6", as: "other"),
          lock("7", "8", "9", "1"), lock("7", "8", "9", "nowhere", as: "cart"), lock("7", "8"),
          limit: 3)
          == [
            "granted", "2 held of 3", "granted", "3 held of 3", "granted", "granted",
            "refused 1 held", "refused nowhere unknown", "granted",
          ])
      #expect(
        try database.outcomes(lock("9", as: "cart"), lock("1", "2", "3", as: "cart"), limit: 3)
          == ["3 held of 3", "granted"])
      #expect(try database.outcomes(lock("9", as: "cart"), limit: 0) == ["granted"])
    }

    @Test func aRequestThatIsLargerThanTheLimitSaysThatNoneIsHeld() throws {
      #expect(try database.outcomes(lock("1", "2", as: "cart"), limit: 1) == ["0 held of 1"])
      #expect(try database.integer("SELECT count(*) FROM tickets_blocked") == 0)
    }

    @Test func aShopperHasNoMoreInAllCarts() throws {
      #expect(
        try database.outcomes(
          lock("1", as: "one", by: "Ann"), lock("2", by: "Ann"), lock("3", as: "two", by: "Ann"),
          lock("3", "4", as: "two", by: "Ben"), limit: 2)
          == ["granted", "granted", "2 held of 2", "granted"])
      #expect(
        try database.outcomes(
          lock("5", as: "three", by: "Ann"), lock("5", as: "three", by: "Cem"), limit: 2)
          == ["2 held of 2", "granted"])
    }

    @Test func whatEndsMakesRoom() throws {
      #expect(
        try database.outcomes(
          lock("1", "2", as: "cart", by: "Ann"), lock("3", as: "cart", by: "Ann"),
          .release("1", as: "cart"), lock("3", as: "cart", by: "Ann"),
          .confirm("2", order: "A-1", as: "cart"), lock("4", as: "cart", by: "Ann"),
          lock("5", as: "cart"), limit: 2)
          == ["granted", "2 held of 2", "released", "granted", "sold", "granted", "2 held of 2"])
      try database.expire()
      #expect(
        try database.outcomes(lock("3", "5", as: "cart", by: "Ann"), limit: 2) == ["granted"])
      // A row that another has taken over is no longer theirs.
      #expect(
        try database.outcomes(lock("4"), lock("6", "7", by: "Ben"), limit: 2)
          == ["granted", "granted"])
      #expect(
        try database.integer("SELECT count(*) FROM tickets_blocked WHERE shopper_key IS NULL") == 1)
    }

    /// Who renews a cart's tickets and names a shopper has them under that shopper.
    @Test func aRenewalThatNamesAShopperCountsThem() throws {
      #expect(
        try database.outcomes(
          lock("1", "2", as: "cart"), lock("1", as: "cart", by: "Ann"), lock("3", by: "Ann"),
          lock("4", by: "Ann"), lock("1", "2", as: "cart", by: "Ann"), lock("1", as: "cart"),
          lock("1", as: "cart", by: "Ben"), lock("4", by: "Ann"), limit: 2)
          == [
            "granted", "granted", "granted", "2 held of 2", "2 held of 2", "granted", "granted",
            "granted",
          ])
    }

    @Test func aShopperIsStoredAsAKeyedHash() throws {
      #expect(try database.outcomes(lock("1", by: "Ann"), limit: 2) == ["granted"])
      #expect(
        try database.bool(
          """
          b.shopper_key = sha256(key || sha256(key || 'Ann'::bytea)) AND length(key) = 32
            AND NOT b::text LIKE '%' || encode('Ann', 'hex') || '%'
            FROM tickets_blocked b, holdfast_secret
          """))
      // Without a limit none is stored.
      #expect(try database.outcomes(lock("2", by: "Ann")) == ["granted"])
      #expect(
        try database.integer("SELECT count(*) FROM tickets_blocked WHERE shopper_key IS NULL") == 1)
      let key = try database.texts("SELECT key::text FROM holdfast_secret")
      let another = try Database()
      #expect(try another.texts("SELECT key::text FROM holdfast_secret") != key)
    }

    @Test func oneTransactionAtATimeDecidesAboutACartAndAShopper() throws {
      try other.run("BEGIN")
      #expect(
        try other.outcomes(lock("1", "2", as: "cart", by: "Ann"), limit: 3) == ["granted"])
      #expect(
        try database.outcomes(
          lock("3", "4", as: "cart"), lock("3", "4", by: "Ann"), lock("3", by: "Ben"),
          lock("5", as: "other"), limit: 3)
          == ["deferred", "deferred", "granted", "granted"])
      try other.run("COMMIT")
      #expect(
        try database.outcomes(lock("6", "7", as: "cart"), lock("6", "7", by: "Ann"), limit: 3)
          == ["2 held of 3", "2 held of 3"])
    }

    @Test func withoutAKeyNoLimitIsPassedOver() throws {
      try database.run("DELETE FROM holdfast_secret")
      #expect(throws: PostgresError.self) {
        _ = try database.outcomes(lock("1", by: "Ann"), limit: 2)
      }
      #expect(try database.outcomes(lock("1", as: "cart"), limit: 2) == ["granted"])
    }
  }
}
