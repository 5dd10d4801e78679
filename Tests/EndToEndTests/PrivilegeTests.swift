import TestSupport
import Testing

extension EndToEnd {
  /// The service needs to read tickets and to write its own two tables, and nothing else.
  @Suite("Least privilege")
  struct PrivilegeTests {
    /// A confirm writes to tickets, and only `migrate --confirm` grants that.
    @Test func aRoleThatMaySellSells() throws {
      let site = try Site.shared()
      try site.withMigratedDatabase { name, database in
        let role = "role_\(name)"
        defer { _ = try? database.run("DROP OWNED BY \(role); DROP ROLE \(role)") }
        try database.run(
          "CREATE ROLE \(role) LOGIN; INSERT INTO tickets (ticket_id) VALUES ('L-1'), ('L-2')")
        func grant(_ more: String...) throws {
          let arguments = ["migrate", "--grant", role, "--no-strict-sales"] + more
          let migration = try Command(
            [TestSettings.binary] + arguments, environment: site.databaseEnvironment(name))
          #expect(migration.exitCode == 0)
        }
        try grant()
        let service = try ServiceProcess(
          on: site, database: name, user: role,
          settings: ["HOLDFAST_CONFIRM": "true", "HOLDFAST_MAX_HELD_TICKETS": "2"])
        let peer = try service.peer()
        try waitUntil("the dry commit finds the right missing") {
          try peer.request("GET", "/readyz").body.contains("permission denied for table")
        }
        try grant("--confirm")
        try service.waitUntilReady()
        let confirm = RequestText.confirm(["L-1"], order: "A-1")
        #expect(
          try peer.request("POST", "/tickets_confirm", body: confirm).body
            == Answer.sold(["L-1"], order: "A-1"))
        let lock = #"{"data":{"ticketd_reserved":["L-2"],"reserved_time":60,"shopper":"Ann"}}"#
        #expect(try peer.request("POST", "/tickets_lock", body: lock).status == 200)
        #expect(throws: Database.ServerError.self) {
          try site.database(name, user: role).run("DELETE FROM holdfast_sales")
        }
      }
    }

    /// It is off unless the site turns it on.
    @Test func withoutTheSettingThereIsNoConfirm() throws {
      let site = try Site.shared()
      let service = try ServiceProcess(on: site, settings: [:])
      try service.waitUntilReady()
      let confirm = RequestText.confirm(["nowhere"], order: "A-1")
      #expect(
        try service.peer().request("POST", "/tickets_confirm", body: confirm).body
          == Answer.notFound)
    }

    @Test func aRoleThatMayDoNoMoreServesEverything() throws {
      let site = try Site.shared()
      try site.withMigratedDatabase { name, database in
        let role = "role_\(name)"
        defer { _ = try? database.run("DROP OWNED BY \(role); DROP ROLE \(role)") }
        try database.run(
          """
          CREATE ROLE \(role) LOGIN;
          INSERT INTO tickets (ticket_id) SELECT 'L-' || n FROM generate_series(1, 9) n;
          INSERT INTO tickets_blocked (ticket_id, locked_up) VALUES ('L-1', now() - interval '1 s');
          INSERT INTO tickets_blocked (ticket_id, locked_up) VALUES ('L-9', now() - interval '1 s');
          """)
        #expect(
          try site.holdfast("migrate", "--grant", role, "--no-strict-sales", database: name)
            .exitCode == 0)
        // The role must really be able to do no more.
        #expect(throws: Database.ServerError.self) {
          try site.database(name, user: role).run("UPDATE tickets SET status = true")
        }
        let service = try ServiceProcess(
          on: site, database: name, user: role, settings: ["HOLDFAST_SWEEP_INTERVAL": "50ms"])
        try service.waitUntilReady()
        let peer = try service.peer()
        let cart = "0123456789abcdef"
        #expect(try peer.lock(["L-1", "L-2"]).body == Answer.granted(["L-1", "L-2"]))
        #expect(try peer.lock(["L-3"], holdID: cart).status == 200)
        #expect(try peer.lock(["L-3", "L-4"], seconds: 900, holdID: cart).status == 200)
        #expect(try peer.lock(["L-2", "L-3"]).body == Answer.refused(["L-2", "L-3"]))
        let release = RequestText.release(["L-3", "L-4"], holdID: cart)
        #expect(
          try peer.request("POST", "/tickets_unlock_param", body: release).body == Answer.released)
        #expect(try peer.request("POST", "/tickets_unlock").body == Answer.swept)
        #expect(
          try database.column("SELECT ticket_id FROM tickets_blocked ORDER BY 1") == ["L-1", "L-2"])
        try database.run(
          "INSERT INTO tickets_blocked (ticket_id, locked_up) VALUES ('L-9', now() - interval '1 s')"
        )
        try waitUntil("the sweep") {
          try database.count("SELECT count(*) FROM tickets_blocked") == 2
        }
        #expect(!service.log.contains("permission denied"))
        // What it did is in the history, which it can append to and not change.
        #expect(try database.count("SELECT count(*) FROM holdfast_history") == 7)
        for change in [
          "DELETE FROM holdfast_history", "UPDATE holdfast_history SET note = ''",
          "DROP TABLE holdfast_history", "DELETE FROM holdfast_history_rest",
        ] {
          #expect(throws: Database.ServerError.self, "\(change)") {
            try site.database(name, user: role).run(change)
          }
        }
        let doctor = try site.holdfast("doctor", "--role", role, database: name)
        #expect(
          doctor.output.contains("role \(role) may do what a commit does"), "\(doctor.output)")
        // Without the rights for the history it is not ready, and says so.
        for revoke in [
          "INSERT ON holdfast_history", "EXECUTE ON FUNCTION holdfast_history_days(int)",
        ] {
          try database.run("REVOKE \(revoke) FROM \(role)")
          let refused = try site.holdfast("doctor", "--role", role, database: name)
          #expect(refused.exitCode == 1)
          #expect(refused.output.contains("permission denied for"), "\(refused.output)")
          try database.run("GRANT \(revoke) TO \(role)")
        }
      }
    }
  }
}
