public import Postgres
public import Threads

/// Brings the schema up to date: each missing step in a transaction of its own, recorded in
/// `holdfast_migrations`, safe to run twice and from two places at once.
public struct Migrator: Sendable {
  /// Held for each step's transaction; an arbitrary number, the same everywhere.
  private static let advisoryLock = "5224316478214"

  private let connection: PostgresConnection
  private let deadline: Instant

  /// Migrates the database that `connection` is on, until `deadline`.
  public init(_ connection: PostgresConnection, deadline: Instant) {
    self.connection = connection
    self.deadline = deadline
  }

  /// Applies what is missing.
  ///
  /// - Returns: The names of the steps that this call applied.
  /// - Throws: The server's error; the step that failed has changed nothing.
  public func migrate() throws(PostgresError) -> [String] {
    // Whoever waits for a table's lock makes all behind wait too: rather give up and be run again.
    try connection.run(
      script: "SET client_min_messages = warning; SET lock_timeout = '5s'", deadline: deadline)
    var applied: [String] = []
    for migration in Migration.all where try apply(migration) {
      applied.append("\(migration.number) \(migration.name)")
    }
    return applied
  }

  private func apply(_ migration: Migration) throws(PostgresError) -> Bool {
    try connection.run(script: "BEGIN", deadline: deadline)
    do throws(PostgresError) {
      try connection.run(
        script: """
          SELECT pg_advisory_xact_lock(\(Self.advisoryLock));
          CREATE TABLE IF NOT EXISTS holdfast_migrations (
            number int PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now());
          """, deadline: deadline)
      let isMissing =
        try connection.query(
          "SELECT 1 FROM holdfast_migrations WHERE number = $1", [.int32(migration.number)],
          deadline: deadline
        ).rowCount == 0
      if isMissing {
        try connection.run(script: migration.sql, deadline: deadline)
        try connection.query(
          "INSERT INTO holdfast_migrations (number, name) VALUES ($1, $2)",
          [.int32(migration.number), .text(migration.name)], deadline: deadline)
      }
      try connection.run(script: "COMMIT", deadline: deadline)
      return isMissing
    } catch {
      // The error that counts is the first; after a lost connection this one fails too.
      try? connection.run(script: "ROLLBACK", deadline: deadline)
      throw error
    }
  }
}
