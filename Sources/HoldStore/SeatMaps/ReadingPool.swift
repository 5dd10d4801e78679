internal import Postgres
internal import Threads

/// Connections that only read, apart from those that commit: no lock ever waits for a seat map.
struct ReadingPool: Sendable {
  let pool: Pool

  init(
    connector: PostgresConnector, connections: Int, connectTimeoutMilliseconds: Int,
    statementTimeoutMilliseconds: Int, isSharded: Bool,
    onFailure: @escaping @Sendable (PostgresError) -> Void
  ) {
    let limits = SessionLimits(
      statementTimeoutMilliseconds: statementTimeoutMilliseconds, isSharded: isSharded)
    pool = Pool(
      limits: PoolLimits(
        connections: connections, connectTimeoutMilliseconds: connectTimeoutMilliseconds),
      open: { deadline throws(PostgresError) in
        let connection = try connector.connect(deadline: deadline)
        try connection.run(
          script: """
            \(EmbeddedSQL.readingSession);
            \(limits.script)
            """, deadline: deadline)
        connection.silenceMilliseconds = limits.silenceMilliseconds
        return connection
      }, isEngine: isSharded, connector: connector, onFailure: onFailure)
  }
}

extension ReadingPool {
  /// Lends a connection for a question, and reports what the database refuses.
  func run<Value>(
    deadline: Instant, onEvent: (HoldStoreEvent) -> Void,
    _ body: (PostgresConnection) throws(SeatMapReader.Problem) -> Value
  ) -> Result<Value, SeatMapReader.Problem> {
    var result: Result<Value, SeatMapReader.Problem>?
    do throws(PostgresError) {
      try pool.withConnection(deadline: deadline) { connection throws(PostgresError) in
        do throws(SeatMapReader.Problem) {
          result = .success(try body(connection))
        } catch {
          result = .failure(error)
          // The pool is to know of a server of no use.
          if case .database(let error) = error { throw error }
        }
      }
    } catch {
      onEvent(.readFailed(error))
      return .failure(.database(error))
    }
    return result ?? .failure(.database(PostgresError(.noConnection, "nothing was asked")))
  }
}
