import Postgres
import TestSupport
import Testing
import Threads

extension ServerSuites {
  /// How a connection fails, by codes and never by texts.
  @Suite struct PostgresConnectionTests {
    @Test(arguments: [
      ("SELECT 1 / 0", "22012"), ("SELEC 1", "42601"), ("SELECT * FROM nowhere", "42P01"),
      ("SELECT no_such_function()", "42883"),
      ("SELECT pg_terminate_backend(0, -1)", "22003"),
      ("DO $$ BEGIN RAISE serialization_failure; END $$", "40001"),
      ("DO $$ BEGIN RAISE deadlock_detected; END $$", "40P01"),
      ("DO $$ BEGIN RAISE unique_violation; END $$", "23505"),
    ])
    func aServerErrorCarriesItsStateAndLeavesTheConnectionUsable(
      sql: String, state: String
    ) throws {
      let connection = try Connections.make()
      let error = #expect(throws: PostgresError.self) {
        try connection.query(sql, deadline: Connections.patience)
      }
      #expect(error?.code == .server(SQLState(rawValue: state)))
      #expect(connection.isUsable && connection.isOpen)
      let one = try connection.query("SELECT 1", deadline: Connections.patience)
      #expect(one.integer(row: 0, column: 0) == 1)
    }

    @Test func aScriptThatFailsInTheMiddleDoesNothing() throws {
      let connection = try Connections.make()
      let error = #expect(throws: PostgresError.self) {
        try connection.run(
          script: "CREATE TABLE half (a int); SELECT 1 / 0; SELECT 2",
          deadline: Connections.patience)
      }
      #expect(error?.code == .server(SQLState(rawValue: "22012")))
      let table = try connection.query(
        "SELECT to_regclass('half') IS NULL", deadline: Connections.patience)
      #expect(table.bool(row: 0, column: 0))
    }

    @Test func aStatementIsPreparedOnceAndAgainAfterAFailure() throws {
      let connection = try Connections.make()
      let broken = PreparedStatement(name: "late", sql: "SELECT a FROM pg_temp.late")
      let error = #expect(throws: PostgresError.self) {
        try connection.execute(broken, [], deadline: Connections.patience)
      }
      #expect(error?.code == .server(SQLState(rawValue: "42P01")))
      try connection.run(
        script: "CREATE TEMP TABLE late AS SELECT 7 AS a", deadline: Connections.patience)
      for _ in 0..<3 {
        let result = try connection.execute(broken, [], deadline: Connections.patience)
        #expect(result.integer(row: 0, column: 0) == 7)
      }
      let count = try connection.query(
        "SELECT count(*) FROM pg_prepared_statements WHERE name = 'late'",
        deadline: Connections.patience)
      #expect(count.integer(row: 0, column: 0) == 1)
    }

    /// The server's silence is told from the end of the caller's own time.
    @Test func aSilentServerIsTimedOut() throws {
      let connection = try Connections.make()
      connection.silenceMilliseconds = 300
      let error = #expect(throws: PostgresError.self) {
        try connection.query("SELECT pg_sleep(60)", deadline: Connections.patience)
      }
      #expect(error?.code == .timedOut)
      #expect(!connection.isUsable)
    }

    @Test func aSilentServerIsGivenUpAtTheDeadline() throws {
      let connection = try Connections.make()
      let start = Instant.now
      let error = #expect(throws: PostgresError.self) {
        try connection.query("SELECT pg_sleep(60)", deadline: start.advanced(byMilliseconds: 300))
      }
      #expect(error?.code == .deadlinePassed)
      #expect(Instant.now >= start.advanced(byMilliseconds: 300))
      #expect(Instant.now < start.advanced(byMilliseconds: 30_000))
      #expect(!connection.isUsable)
      #expect(!connection.isOpen)
    }

    /// Negative control.
    @Test func withoutADeadlineASilentServerIsWaitedFor() throws {
      let connection = try Connections.make()
      let start = Instant.now
      try connection.query("SELECT pg_sleep(1)", deadline: Connections.patience)
      #expect(connection.isUsable)
      #expect(Instant.now >= start.advanced(byMilliseconds: 1000))
    }

    @Test func aBackendThatWasTerminatedIsALostConnection() throws {
      let connection = try Connections.make()
      try Connections.terminate(Connections.backend(of: connection))
      #expect(connection.isUsable)
      #expect(!connection.isOpen)
      let error = #expect(throws: PostgresError.self) {
        try connection.query("SELECT 1", deadline: Connections.patience)
      }
      #expect(error?.code == .connectionLost)
      #expect(!connection.isUsable)
    }

    @Test func aBackendThatIsTerminatedMeanwhileIsALostConnection() throws {
      let connection = try Connections.make()
      let backend = try Connections.backend(of: connection)
      let killer = WorkerThread { try? Connections.terminate(backend) }
      let error = #expect(throws: PostgresError.self) {
        try connection.query("SELECT pg_sleep(60)", deadline: Connections.patience)
      }
      killer.join()
      #expect(error?.code == .connectionLost)
      #expect(!connection.isUsable)
    }

    @Test(arguments: [
      "host=/nowhere/at/all", "host=127.0.0.1 port=1", "host=no such host.invalid dbname=",
      "nonsense",
    ])
    func whereNobodyListensNoConnectionIsMade(conninfo: String) {
      for _ in 0..<20 {
        let error = #expect(throws: PostgresError.self) {
          _ = try PostgresConnection(conninfo: conninfo, deadline: Connections.patience)
        }
        #expect(error?.code == .connectionFailed)
      }
    }

    @Test func aDatabaseThatDoesNotExistIsAFailureToConnect() throws {
      let conninfo = try PostgresServer.shared().conninfo(database: "no_such_database")
      let error = #expect(throws: PostgresError.self) {
        _ = try PostgresConnection(conninfo: conninfo, deadline: Connections.patience)
      }
      #expect(error?.code == .connectionFailed)
    }

    @Test func itSpeaksUTF8AndTellsItsName() throws {
      let result = try Connections.make().query(
        "SELECT current_setting('client_encoding'), current_setting('application_name')",
        deadline: Connections.patience)
      #expect(result.text(row: 0, column: 0) == "UTF8")
      #expect(result.text(row: 0, column: 1) == "holdfast")
    }
  }
}
