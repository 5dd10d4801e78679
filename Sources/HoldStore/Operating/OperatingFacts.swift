internal import Postgres
internal import Threads

/// What the database has of what the tools for operators show; see `operating_facts.sql`.
struct OperatingFacts {
  /// How many hexadecimal digits tell one cart from another in what a person reads.
  private static let cartDigits = 16

  let hasEvent: Bool
  let hasHoldKey: Bool
  let hasSecret: Bool
  let hasHistory: Bool

  /// - Throws: `undefinedTable` if there is no table of holds.
  init(_ connection: PostgresConnection, deadline: Instant) throws(PostgresError) {
    let row = try connection.query(EmbeddedSQL.operatingFacts, deadline: deadline)
    guard row.bool(row: 0, column: 0) else {
      throw PostgresError(
        .server(.undefinedTable),
        "tickets_blocked: there is no such table in the search_path"
      ).askingForMigration
    }
    hasEvent = row.bool(row: 0, column: 1)
    hasHoldKey = row.bool(row: 0, column: 2)
    hasSecret = row.bool(row: 0, column: 3)
    hasHistory = row.bool(row: 0, column: 4)
  }

  /// How the cart of a row `b` of `tickets_blocked` is shown: digits of a hash of its hash, with the
  /// site's own key where the role may read that. It is NULL for an anonymous hold.
  var cart: String {
    guard hasHoldKey else { return "NULL::text" }
    let bytes = hasSecret ? "sha256((SELECT key FROM holdfast_secret) || b.hold_key)" : "b.hold_key"
    return "left(encode(\(bytes), 'hex'), \(Self.cartDigits))"
  }
}
