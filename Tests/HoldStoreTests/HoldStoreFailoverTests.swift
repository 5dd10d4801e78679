import Holds
import Postgres
import TestSupport
import Testing
import Threads

@testable import HoldStore

extension ServerSuites {
  /// A failover of which the old primary has not heard: both servers say that they accept writes, and
  /// the commits of the old one wait for a standby that no longer follows it.
  @Suite struct HoldStoreFailoverTests {
    private let database: Database
    private let old: PostgresServer
    private let new: PostgresServer
    private let name: String

    init() throws {
      old = try PostgresServer()
      database = try Database(on: old, selling: ["a", "b", "c"])
      name = try database.texts("SELECT current_database()::text")[0]
      new = try old.makePromotedCopy()
    }

    private func conninfo(_ directories: String) -> String {
      old.conninfo(database: name, directory: directories)
    }

    /// Of a store that knows both servers.
    private var settings: HoldStoreSettings {
      .patient(conninfo("\(old.directory),\(new.directory)"))
        .with { $0.statementTimeoutMilliseconds = 3000 }
    }

    private func connect(_ server: PostgresServer) throws(PostgresError) -> PostgresConnection {
      try PostgresConnection(
        conninfo: conninfo(server.directory), deadline: Database.patience)
    }

    private func directory(of connection: PostgresConnection) throws -> String {
      try connection.query(
        "SELECT current_setting('unix_socket_directories')", deadline: Database.patience
      ).text(row: 0, column: 0)
    }

    /// Has a server wait for a standby that is not there, as of the commit that this waits for.
    private func hangCommits(of server: PostgresServer) throws {
      let connection = try connect(server)
      try connection.run(
        script: "ALTER SYSTEM SET synchronous_standby_names = 'gone'", deadline: Database.patience)
      try connection.run(script: "SELECT pg_reload_conf()", deadline: Database.patience)
      let limit = Database.patience
      while true {
        do throws(PostgresError) {
          try connect(server).query(
            "SELECT pg_logical_emit_message(true, 'test', '')",
            deadline: .now.advanced(byMilliseconds: 4000))
        } catch {
          return
        }
        guard Instant.now < limit else { throw Failure("commits do not wait") }
      }
    }

    @Test func aServerWhoseCommitsHangIsLeft() throws {
      try HoldStore.run(settings) { store in
        #expect(try store.outcome(.lock("a")).isGranted)
        try hangCommits(of: old)
        // Its commit hangs there, is looked up on the new primary, and is run again.
        #expect(try store.outcome(.lock("b")).isGranted)
        #expect(try store.outcome(.lock("c")).isGranted)
      }
      let held = try connect(new).query(
        "SELECT ticket_id FROM tickets_blocked ORDER BY 1", deadline: Database.patience)
      #expect((0..<held.rowCount).map { held.text(row: $0, column: 0) } == ["b", "c"])
    }

    private func states(_ maps: SeatMapStore) throws -> String {
      let text = try maps.text(.availability, of: "E")
      return text.split(separator: "\"").last { $0.allSatisfy(\.isNumber) }.map(String.init) ?? text
    }

    /// The old primary still answers whoever reads.
    @Test func seatMapsAreReadOnTheServerThatHolds() throws {
      for server in [old, new] {
        try connect(server).run(
          script: "UPDATE tickets SET event_id = 'E'", deadline: Database.patience)
      }
      var reading = SeatMapSettings()
      reading.answerTimeoutMilliseconds = 25_000
      reading.readTimeoutMilliseconds = 20_000
      try HoldStore.run(settings) { store in
        let maps = SeatMapStore(settings: reading, beside: store) { _ in }
        defer { maps.stop() }
        #expect(try store.outcome(.lock("a")).isGranted)
        #expect(try states(maps) == "200")
        try hangCommits(of: old)
        #expect(try store.outcome(.lock("b")).isGranted)
        Instant.now.advanced(byMilliseconds: 1100).sleep()
        #expect(try states(maps) == "020")
      }
    }

    @Test func anOlderTimelineIsRefusedOnceANewerOneWasSeen() throws {
      let connector = PostgresConnector(
        conninfo: conninfo("\(old.directory),\(new.directory)"))
      let first = try connector.connect(deadline: Database.patience)
      #expect(try directory(of: first) == old.directory)
      // The control: as long as nothing speaks against it, the server that served is tried first.
      #expect(
        try directory(of: connector.connect(deadline: Database.patience)) == old.directory)
      connector.giveUp(first)
      let second = try connector.connect(deadline: Database.patience)
      #expect(try directory(of: second) == new.directory)
      // A connection to a server that has been left already says nothing against the new one.
      connector.giveUp(first)
      connector.giveUp(second)
      #expect(
        try directory(of: connector.connect(deadline: Database.patience)) == new.directory)
    }
  }
}
