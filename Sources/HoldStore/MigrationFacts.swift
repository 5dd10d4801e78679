internal import Postgres

/// What the database has of the schema; see `facts.sql`. Names are empty where there is nothing.
struct MigrationFacts {
  let tickets: String
  let ticketsSchema: String
  let holds: String
  let holdsSchema: String
  let commits: String
  let hasHoldKey: Bool
  let hasStatusOffline: Bool
  let hasUniqueIndex: Bool
  let hasEvent: Bool
  let hasEventIndex: Bool

  /// The tickets are in a partitioned table, on which no index can be built concurrently.
  let isPartitioned: Bool

  /// Storage parameters of the table of holds that are to be set, as SQL.
  let options: String

  /// The hash of the text from which the function was made.
  let functionVersion: String

  /// A function with the parameters of an earlier version.
  let hasOldFunction: Bool

  /// Tables from which PostgreSQL deletes rows when a hold is deleted.
  let cascades: String

  init(_ result: PostgresResult) {
    tickets = result.text(row: 0, column: 0)
    ticketsSchema = result.text(row: 0, column: 1)
    holds = result.text(row: 0, column: 2)
    holdsSchema = result.text(row: 0, column: 3)
    commits = result.text(row: 0, column: 4)
    hasHoldKey = result.bool(row: 0, column: 5)
    hasStatusOffline = result.bool(row: 0, column: 6)
    hasUniqueIndex = result.bool(row: 0, column: 7)
    hasEvent = result.bool(row: 0, column: 8)
    hasEventIndex = result.bool(row: 0, column: 9)
    isPartitioned = result.bool(row: 0, column: 10)
    options = result.text(row: 0, column: 11)
    functionVersion = result.text(row: 0, column: 12)
    hasOldFunction = result.bool(row: 0, column: 13)
    cascades = result.text(row: 0, column: 14)
  }
}
