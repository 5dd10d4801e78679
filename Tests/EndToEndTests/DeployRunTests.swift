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

    /// Lists of sockets are split at spaces.
    @Test func aFolderMayHaveASpace() throws {
      let site = try Site.start(
        ["HOLDFAST_DEMO_TICKETS": "0", "HOLDFAST_INSTANCES": "2"], folder: "a site")
      defer { site.stop() }
      #expect(site.sockets.count == 2)
      #expect(try site.http().get("/readyz").status == 200)
      try site.service("restart", "holdfast")
      try site.service("restart", "postgres")
      #expect(try site.database().count("SELECT 1") == 1)
    }

    /// As by the kernel when memory runs out, or when the machine stops.
    @Test func killedWhileItMakesTheClusterItStartsAgain() throws {
      let place = try TemporaryDirectory()
      let directory = place.path + "/site"
      let environment = [
        "HOLDFAST_DIR": directory, "HOLDFAST_BINARY": TestSettings.binary,
        "HOLDFAST_HTTP_PORT": "0", "HOLDFAST_HTTPS_PORT": "0", "HOLDFAST_DEMO_TICKETS": "0",
      ]
      defer {
        _ = try? Command(
          ["\(TestSettings.root)/deploy/stop"], environment: ["HOLDFAST_DIR": directory])
      }
      let script = """
        setsid "$0" --detach >/dev/null 2>&1 &
        until compgen -G "$HOLDFAST_DIR/postgres*/PG_VERSION"; do sleep 0.01; done
        kill -KILL -- -$!
        exec "$0" --detach
        """
      let run = try Command(
        ["bash", "-c", script, "\(TestSettings.root)/deploy/run"], environment: environment)
      #expect(run.exitCode == 0, "\(run.output)")
    }

    /// Everybody on the machine sees a process's arguments.
    @Test func noPasswordIsAmongArguments() throws {
      try Site.shared().withMigratedDatabase { name, database in
        let place = try TemporaryDirectory()
        let wrapper = "#!/bin/bash\necho \"$@\"\nPATH=${PATH#*:} exec psql \"$@\"\n"
        try wrapper.write(toFile: place.path + "/psql", atomically: true, encoding: .utf8)
        chmod(place.path + "/psql", 0o755)
        let path = TestSettings.neutralEnvironment["PATH"] ?? "/usr/bin:/bin"
        let environment = try Site.shared().databaseEnvironment(name)
        let host = try Site.shared()["PGHOST"].replacing("/", with: "%2F")
        let seeded = try Command(
          ["bash", "-euc", ". \"$root/deploy/lib/demo.sh\"; seed_demo"],
          environment: [
            "root": TestSettings.root, "HOLDFAST_DEMO_TICKETS": "20",
            "PATH": place.path + ":" + path,
            "DATABASE_URL":
              "postgresql://\(environment["PGUSER"]!):s3c%27ret@\(host):\(environment["PGPORT"]!)/\(name)",
          ])
        #expect(seeded.exitCode == 0, "\(seeded.output)")
        #expect(seeded.output.contains("-Xqv") && !seeded.output.contains("s3c"))
        #expect(try database.count("SELECT count(*) FROM tickets") == 20)
      }
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
