internal import Postgres
internal import Threads

/// Opens connections for the pool, with the server's own limits set on each.
struct Sessions: Sendable {
  let settings: HoldStoreSettings
  let connector: PostgresConnector
  let check: DatabaseCheck

  init(settings: HoldStoreSettings, check: DatabaseCheck) {
    self.settings = settings
    self.check = check
    connector = PostgresConnector(conninfo: settings.conninfo)
  }

  func open(deadline: Instant) throws(PostgresError) -> PostgresConnection {
    let connection = try connector.connect(deadline: deadline)
    let limits = SessionLimits(
      statementTimeoutMilliseconds: settings.statementTimeoutMilliseconds,
      isSharded: settings.shardKey != nil)
    try connection.run(
      script: """
        \(EmbeddedSQL.session)
        \(limits.script)
        SET lock_timeout = \(settings.lockTimeoutMilliseconds);
        SET idle_in_transaction_session_timeout = \(settings.statementTimeoutMilliseconds);
        """, deadline: deadline)
    do throws(PostgresError) {
      let calls = settings.shardKey == nil ? CommitCalls.plain : .keyed("")
      try connection.prepare(calls.commit, deadline: deadline)
    } catch {
      throw error.askingForMigration
    }
    try check.runOnce(on: connection, deadline: deadline)
    connection.silenceMilliseconds = limits.silenceMilliseconds
    return connection
  }
}
