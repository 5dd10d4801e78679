import Postgres
import TestSupport
import Threads

@testable import HoldStore

/// A synchronous standby of the database's server that is away.
extension Database {
  private static let waiting = "FROM pg_stat_activity WHERE wait_event = 'SyncRep'"

  /// How many sessions of the server wait for it.
  ///
  /// - Parameter statement: Of which statement, as in `LIKE`.
  func hungSessionCount(of statement: String = "%") throws -> Int {
    try integer("SELECT count(*) \(Self.waiting) AND query LIKE '\(statement)'")
  }

  /// Has commits wait for a standby of that name; for none if it is empty.
  func wait(forStandby name: String) throws {
    try run("ALTER SYSTEM SET synchronous_standby_names = '\(name)'")
    try run("SELECT pg_reload_conf()")
  }

  /// Has commits wait for a standby that is not there; the server takes a while to notice the setting.
  func hangCommits() throws {
    try wait(forStandby: "nobody")
    try waitUntil("commits wait") {
      let session = try Database(beside: self)
      let answer = try? session.connection.query(
        "SELECT pg_logical_emit_message(true, 'test', '')",
        deadline: .now.advanced(byMilliseconds: 1000))
      return answer == nil
    }
    try run("SELECT pg_terminate_backend(pid) \(Self.waiting)")
    try waitUntil("nobody waits") { try hungSessionCount() == 0 }
  }

  /// Waits until the commit of a statement waits for the standby, and cancels its wait.
  func cancelTheWait(of statement: String = "%") throws {
    try waitUntil("a commit waits") { try hungSessionCount(of: statement) > 0 }
    try run("SELECT pg_cancel_backend(pid) \(Self.waiting)")
  }
}
