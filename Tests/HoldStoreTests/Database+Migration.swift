import Postgres
import Threads

@testable import HoldStore

extension Database {
  /// Migrates it, and returns what was reported.
  @discardableResult
  func migrate(
    _ change: (inout Migrator.Options) -> Void = { _ in }
  ) throws(PostgresError) -> [String] {
    var options = Migrator.Options()
    change(&options)
    let lines = Monitor<[String]>([])
    try Migrator(connection, options: options, deadline: Self.patience)
      .migrate { line in lines.withLock { $0.append(line) } }
    return lines.withLock { $0 }
  }

  /// Everything that a migration could change.
  func fingerprint() throws -> [String] {
    try texts(
      """
      SELECT 'relation ' || c.oid || c.relname || coalesce(c.reloptions::text, '')
        FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace
      UNION ALL SELECT 'column ' || attrelid || attname || atttypid FROM pg_attribute
       WHERE attrelid >= 16384 AND attnum > 0
      UNION ALL SELECT 'function ' || oid || coalesce(obj_description(oid), '') FROM pg_proc
       WHERE proname LIKE 'holdfast%' ORDER BY 1
      """)
  }
}
