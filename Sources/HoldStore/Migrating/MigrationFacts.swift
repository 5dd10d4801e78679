internal import Postgres

/// What the database has of the schema; see `facts.sql`. Names are empty where there is nothing.
struct MigrationFacts {
  let tickets: String
  let ticketsSchema: String
  let holds: String
  let holdsSchema: String
  let commits: String
  let sales: String
  let salesSchema: String
  let secret: String
  let history: String
  let historySchema: String
  let hasHoldKey: Bool

  /// The columns for shoppers and choices.
  let hasMarks: Bool

  /// The columns that have no index, of those that are looked for.
  let missingIndexes: [String]
  let hasDateUpdated: Bool
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

  /// The same for the function with the parameters of version 0.1.0, if there is one.
  let previousVersion: String

  /// A function with other parameters, which no release calls any more.
  let hasOldFunction: Bool

  /// Tables from which PostgreSQL deletes rows when a hold is deleted.
  let cascades: String

  /// The collation of the tickets' ids, as SQL; what a new table of tickets gets, if there is none.
  let ticketCollation: String

  /// Tables with a row that keeps PostgreSQL from deleting the hold that it names.
  let keepers: String

  /// Tables in whose rows PostgreSQL sets the reference to a hold that is deleted to NULL or its default.
  let resetters: String

  /// The holds have a foreign key to the tickets.
  let hasTicketKey: Bool

  init(_ result: PostgresResult) {
    tickets = result.text(row: 0, column: 0)
    ticketsSchema = result.text(row: 0, column: 1)
    holds = result.text(row: 0, column: 2)
    holdsSchema = result.text(row: 0, column: 3)
    commits = result.text(row: 0, column: 4)
    sales = result.text(row: 0, column: 5)
    salesSchema = result.text(row: 0, column: 6)
    secret = result.text(row: 0, column: 7)
    history = result.text(row: 0, column: 8)
    historySchema = result.text(row: 0, column: 9)
    hasHoldKey = result.bool(row: 0, column: 10)
    hasMarks = result.bool(row: 0, column: 11)
    missingIndexes = result.text(row: 0, column: 12).split(separator: ",").map { String($0) }
    hasDateUpdated = result.bool(row: 0, column: 13)
    hasStatusOffline = result.bool(row: 0, column: 14)
    hasUniqueIndex = result.bool(row: 0, column: 15)
    hasEvent = result.bool(row: 0, column: 16)
    hasEventIndex = result.bool(row: 0, column: 17)
    isPartitioned = result.bool(row: 0, column: 18)
    options = result.text(row: 0, column: 19)
    functionVersion = result.text(row: 0, column: 20)
    previousVersion = result.text(row: 0, column: 21)
    hasOldFunction = result.bool(row: 0, column: 22)
    cascades = result.text(row: 0, column: 23)
    ticketCollation = result.text(row: 0, column: 24)
    keepers = result.text(row: 0, column: 25)
    resetters = result.text(row: 0, column: 26)
    hasTicketKey = result.bool(row: 0, column: 27)
  }
}
