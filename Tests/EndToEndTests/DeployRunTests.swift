import Foundation
import TestSupport
import Testing

extension EndToEnd {
  /// What `deploy/run` leaves running, and with what rights.
  @Suite("deploy/run")
  struct DeployRunTests {
    /// `head` ends long before the site is up.
    @Test func whoReadsItsOutputMayStop() throws {
      let site = try Site.start(["HOLDFAST_DEMO_TICKETS": "0"], readingLines: 2)
      defer { site.stop() }
      #expect(try site.http().get("/livez").status == 200)
      #expect(try site.database().count("SELECT 1") == 1)
    }

    /// Without its output, too, it starts the whole site or leaves nothing.
    @Test func whenItFailsNothingIsLeft() throws {
      let place = try TemporaryDirectory()
      let directory = place.path + "/site"
      let run = try Command(
        ["sh", "-c", "\"$0\" --detach | head -n 1", "\(TestSettings.root)/deploy/run"],
        environment: [
          "HOLDFAST_DIR": directory, "HOLDFAST_BINARY": "/bin/false", "HOLDFAST_HTTP_PORT": "0",
          "HOLDFAST_HTTPS_PORT": "0",
        ])
      #expect(run.output.contains("run: failed"), "\(run.output)")
      let left = try FileManager.default.contentsOfDirectory(atPath: directory + "/pids")
      #expect(left == [])
    }

    @Test func theServiceIsNoSuperuser() throws {
      let site = try Site.shared()
      let roles = try site.database().column(
        """
        SELECT DISTINCT concat_ws(' ', r.rolname, r.rolsuper, r.rolcreaterole, r.rolcreatedb,
                                  r.rolreplication, r.rolbypassrls)
          FROM pg_stat_activity a JOIN pg_roles r ON r.oid = a.usesysid
         WHERE a.datname = current_database() AND a.pid <> pg_backend_pid()
           AND a.application_name = 'holdfast'
        """)
      #expect(roles == ["holdfast_service f f f f f"])
    }

    /// Where root runs the site, the service is a user of its own, and may not become the superuser.
    @Test(.enabled(if: getuid() == 0)) func theServicesUserCannotBecomeOne() throws {
      let site = try Site.shared()
      var status = stat()
      #expect(stat("/proc/\(site.holdfastID)", &status) == 0)
      #expect(status.st_uid != 0)
      func connect(as role: String) throws -> Command {
        try Command(
          [
            "setpriv", "--reuid=\(status.st_uid)", "--regid=\(status.st_gid)", "--init-groups",
            "psql", "-Xqc", "SELECT 1",
          ], environment: site.databaseEnvironment(user: role))
      }
      let refused = try connect(as: "holdfast")
      #expect(refused.exitCode != 0)
      #expect(refused.output.contains("authentication failed for user \"holdfast\""))
      #expect(try connect(as: "holdfast_service").exitCode == 0)
    }
  }
}
