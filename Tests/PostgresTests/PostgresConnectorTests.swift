import TestSupport
import Testing
import Threads

@testable import Postgres

/// Which servers a connection string names.
@Suite struct PostgresHostsTests {
  private func hosts(_ names: String?, _ addresses: String?, _ ports: String?) -> [String] {
    PostgresConnector.hosts(named: names, addressed: addresses, ports: ports).map { keywords in
      keywords.map { "\($0.0)=\($0.1)" }.joined(separator: " ")
    }
  }

  @Test func oneHostIsLeftToLibpq() {
    #expect(hosts(nil, nil, nil) == [""])
    #expect(hosts("a", nil, "5433") == [""])
  }

  @Test func eachHostIsTriedByItself() {
    #expect(hosts("a,b", nil, nil) == ["host=a", "host=b"])
    #expect(hosts("a,/run/b", nil, "1,2") == ["host=a port=1", "host=/run/b port=2"])
    #expect(hosts("a,b", "1.2.3.4,", nil) == ["host=a hostaddr=1.2.3.4", "host=b hostaddr="])
    #expect(
      hosts(nil, "1.2.3.4,1.2.3.5", "5") == ["hostaddr=1.2.3.4 port=5", "hostaddr=1.2.3.5 port=5"])
  }
}

/// Connection strings that are refused before libpq gets to quote them.
@Suite struct ConnectionStringTests {
  @Test(arguments: [
    "", "postgresql://", "postgres://u:p%40%2F@h1:1,h2:65535/d?sslmode=require",
    "postgresql://u:p?#@[::1]/d?application_name=a@b", "host=/run/p port=5432,,5433 password=p@/:",
    "host=@abstract", "postgresql://u@%2Frun%2Fp/d",
  ])
  func usable(conninfo: String) {
    #expect(PostgresConnector.problem(inConninfo: conninfo) == nil)
  }

  /// In each of them a part of the password is where libpq expects something else.
  @Test(arguments: [
    "postgresql:/u:s3cret@h/d?sslmode=x", "postgresql://u:%s3cret@h/d",
    "postgresql://u:a/s3cret@h/d", "postgresql://u:1/s3cret@h/d", "postgresql://u:s3cret/@h/d",
    "postgresql://u:a@s3cret@h/d", "postgresql://u:a/b?s3cret=c@h/d", "host=h password=a s3cret",
    "password=a s3cret=b", "password='s3cret", "s3cret", "host=h port=s3cret", "port=0",
    "port=65536",
  ])
  func refusedWithoutAQuotation(conninfo: String) throws {
    let problem = try #require(PostgresConnector.problem(inConninfo: conninfo))
    #expect(!problem.contains("s3cret"))
  }

  /// The control: libpq's own message would have shown it.
  @Test(arguments: [
    "postgresql://u:%s3cret@h/d", "postgresql://u:s3cret/@h/d", "host=h port=s3cret",
    "host=h password=a s3cret",
  ])
  func libpqQuotesThem(conninfo: String) {
    let error = #expect(throws: PostgresError.self) {
      try PostgresConnection(conninfo: conninfo, deadline: Connections.patience)
    }
    #expect(error?.message.contains("s3cret") == true)
  }
}

extension ServerSuites {
  /// Several servers, of which the first is silent, away or read-only.
  @Suite struct PostgresConnectorTests {
    private let server = Result { try PostgresServer.shared() }

    private func conninfo(first: String, options: String = "''") throws -> String {
      let server = try server.get()
      return "host=\(first),\(server.directory) port=5432 user=holdfast dbname=postgres"
        + " sslmode=disable options=\(options)"
    }

    private func answers(_ connection: PostgresConnection) throws -> Bool {
      try connection.query("SELECT 1", deadline: Connections.patience).rowCount == 1
    }

    @Test func aSilentFirstHostTakesNoMoreThanItsShare() throws {
      let directory = try TemporaryDirectory()
      // It takes connections and never answers.
      let silent = try Socket(listeningOn: directory.path + "/.s.PGSQL.5432")
      let connector = PostgresConnector(conninfo: try conninfo(first: directory.path))
      let start = Instant.now
      let connection = try connector.connect(deadline: start.advanced(byMilliseconds: 8000))
      #expect(try answers(connection))
      #expect(start.milliseconds(until: .now) >= 4000)
      // The server that served is tried first from now on.
      let second = Instant.now
      #expect(try answers(connector.connect(deadline: second.advanced(byMilliseconds: 30_000))))
      #expect(second.milliseconds(until: .now) < 15_000)
      // The control: libpq by itself waits for the silent one until the end.
      #expect(throws: PostgresError.self) {
        try PostgresConnection(
          conninfo: conninfo(first: directory.path), deadline: .now.advanced(byMilliseconds: 2000))
      }
      withExtendedLifetime(silent) {}
    }

    @Test func aSilentLastHostTakesNoMoreThanItsShare() throws {
      let directory = try TemporaryDirectory()
      // It takes connections and never answers.
      let silent = try Socket(listeningOn: directory.path + "/.s.PGSQL.5432")
      let connector = PostgresConnector(
        conninfo: "host=\(directory.path)/away,\(directory.path) port=5432 sslmode=disable")
      let start = Instant.now
      #expect(throws: PostgresError.self) {
        try connector.connect(deadline: start.advanced(byMilliseconds: 8000))
      }
      // It was 4 s.
      #expect(start.milliseconds(until: .now) < 7900)
      withExtendedLifetime(silent) {}
    }

    @Test func aHostThatIsAwayIsPassedBy() throws {
      let directory = try TemporaryDirectory()
      let connector = PostgresConnector(conninfo: try conninfo(first: directory.path))
      #expect(try answers(connector.connect(deadline: Connections.patience)))
    }

    @Test func aServerThatTakesNoWritesIsOfNoUse() throws {
      let server = try server.get()
      let readOnly = "'-c default_transaction_read_only=on'"
      let connector = PostgresConnector(
        conninfo: try conninfo(first: server.directory, options: readOnly))
      #expect(throws: PostgresError.self) {
        try connector.connect(deadline: Connections.patience)
      }
      // The control: target_session_attrs=any accepts the same server.
      let willing = PostgresConnector(
        conninfo: try conninfo(first: server.directory, options: readOnly)
          + " target_session_attrs=any")
      #expect(try answers(willing.connect(deadline: Connections.patience)))
    }
  }
}
