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
    if settings.refusesHungCommits {
      try checkForHungCommits(on: connection, deadline: deadline)
    }
    let limits = SessionLimits(
      statementTimeoutMilliseconds: settings.statementTimeoutMilliseconds,
      isSharded: settings.shardKey != nil)
    try connection.run(
      script: """
        \(EmbeddedSQL.session)
        \(limits.script)
        SET client_min_messages = warning;
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

  /// Refuses a server on which commits hang, and has others tried first.
  ///
  /// A session that waits for a synchronous standby goes on waiting when its client has given it up, and no
  /// timeout ends it. Each connection that is opened meanwhile would leave one more, until there is no room
  /// for anybody. A commit that has waited for less than a statement may take is only slow.
  private func checkForHungCommits(
    on connection: PostgresConnection, deadline: Instant
  ) throws(PostgresError) {
    let count = try connection.query(
      """
      SELECT count(*) FROM pg_stat_activity
       WHERE wait_event = 'SyncRep' AND usename = session_user
         AND application_name = current_setting('application_name')
         AND query_start < clock_timestamp() - interval '\(settings.statementTimeoutMilliseconds) ms'
      """, deadline: deadline
    ).integer(row: 0, column: 0)
    guard count > settings.pool.connections else { return }
    connector.giveUp(connection)
    throw PostgresError(
      .connectionFailed, "the commits of \(count) sessions wait for a synchronous standby")
  }
}
