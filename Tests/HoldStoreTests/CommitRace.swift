import Holds
import Postgres
import TestSupport
import Testing

@testable import HoldStore

/// Two sessions of one database: one commits, and the other has a transaction of its own meanwhile.
struct CommitRace {
  let database: Database
  let other: Database

  /// A database with the tickets a to f.
  init() throws {
    database = try Database(selling: ["a", "b", "c", "d", "e", "f"])
    other = try Database(beside: database)
    try database.run("SET lock_timeout = '20 s'")
  }

  /// What becomes of a batch that meets an open transaction of `other`, which then ends.
  ///
  /// - Returns: The outcomes, or the server's error code.
  func commit(
    _ operations: [HoldOperation], limit: Int = 0, requestIDs: [String?] = [], then end: String
  ) throws -> [String] {
    let commit = Background { [database] in
      do throws(PostgresError) {
        return try database.commit(operations, heldTicketLimit: limit, requestIDs: requestIDs)
          .verdicts.map(Database.word)
      } catch {
        if case .server(let state) = error.code { return [state.rawValue] }
        return ["\(error)"]
      }
    }
    let watch = try Database(beside: database)
    // Until it has been decided, or waits for the other transaction.
    try waitUntil("it is decided or waits") {
      try commit.isDone || watch.hasBlockedStatement()
    }
    try other.run(end)
    return try commit.value()
  }

  /// Has whatever row the ticket has by then locked, instead of the one that was found.
  func lockWhateverRowThereIs() throws {
    try database.takeOut(
      "b.ctid = u.row AND b.ticket_id IS NOT DISTINCT FROM u.ticket_id",
      insteadOf: "b.ticket_id = u.ticket_id", places: 2)
    try database.takeOut("s.row = s.row_now", insteadOf: "true", places: 2)
  }

  /// Has a commit wait after its first look until `other`, whose transaction is open now, ends.
  func pauseBeforeLocks() throws {
    for place in ["-- Lock both rows of each.", "-- Lock what may have to change."] {
      try database.takeOut(place, insteadOf: "PERFORM pg_advisory_xact_lock(4711); --")
    }
    try other.run("BEGIN; SELECT pg_advisory_xact_lock(4711)")
  }
}
