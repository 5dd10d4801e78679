import Foundation
import Testing

extension EndToEnd {
  /// The command line, the settings, and the ways of listening.
  @Suite("Command line")
  struct CommandLineTests {
    private let site: Site

    init() throws { site = try .shared() }

    private func run(_ arguments: [String], _ settings: [String: String] = [:]) throws -> Command {
      try Command(
        [TestSettings.binary] + arguments,
        environment: ["HOLDFAST_LISTEN": "/nowhere/s"].merging(settings) { $1 }, seconds: 10)
    }

    @Test func helpAndVersion() throws {
      let version = try run(["--version"])
      #expect(version.exitCode == 0)
      #expect(version.output.wholeMatch(of: #/[0-9]+\.[0-9]+\.[0-9]+[^\n]*\n/#) != nil)
      let help = try run(["--help"])
      #expect(help.exitCode == 0)
      for name in ["serve", "migrate", "sweep"] { #expect(help.output.contains(name)) }
      let settings = try run(["serve", "--help"])
      #expect(settings.exitCode == 0)
      for name in ["--request-timeout", "HOLDFAST_REQUEST_TIMEOUT", "default 5s", "DATABASE_URL"] {
        #expect(settings.output.contains(name))
      }
    }

    @Test func readmeShowsEverySettingWithItsDefault() throws {
      let help = try run(["serve", "--help"]).output
      let readme = try String(contentsOfFile: TestSettings.root + "/README.md", encoding: .utf8)
      let settings = help.matches(of: #/(HOLDFAST_[A-Z_]+), default ([^:]+):/#)
      #expect(settings.count > 20)
      for setting in settings {
        #expect(readme.contains("| `\(setting.1)` | `\(setting.2)` |"))
      }
    }

    @Test(arguments: [
      ("HOLDFAST_WORKERS", "0", "a whole number from 1 to 1024"),
      ("HOLDFAST_WORKERS", "four", "a whole number from 1 to 1024"),
      ("HOLDFAST_REQUEST_TIMEOUT", "5 parsecs", "a time from 1ms to 1h"),
      ("HOLDFAST_REQUEST_TIMEOUT", "-1", "a time from 1ms to 1h"),
      ("HOLDFAST_SOCKET_MODE", "0999", "an octal number from 0 to 0777"),
      ("HOLDFAST_LOG_LEVEL", "loud", "trace, debug, info, notice, warning, error, critical"),
      ("HOLDFAST_REQUIRE_HOLD_ID", "yes", "true or false"),
      ("HOLDFAST_POOL_SIZE", "2", "more than HOLDFAST_COMMITTERS, which is 2"),
      ("HOLDFAST_LISTEN", "nowhere", "a path, host:port or fd:0"),
    ])
    func wrongSettingsAreRefused(name: String, value: String, allowed: String) throws {
      let inEnvironment = try run(["serve"], [name: value])
      #expect(inEnvironment.exitCode != 0)
      #expect(inEnvironment.output.contains("\(name): expected \(allowed), got \"\(value)\""))
      let flag = "--" + name.dropFirst(9).lowercased().replacing("_", with: "-")
      let asFlag = try run(["serve", flag, value])
      #expect(asFlag.exitCode != 0)
      #expect(asFlag.output.contains("expected \(allowed), got \"\(value)\""))
    }

    @Test func wrongArgumentsAreRefused() throws {
      for arguments in [["serve", "--colour", "red"], ["serve", "--workers"], ["dance"]] {
        let command = try run(arguments)
        #expect(command.exitCode != 0)
        #expect(command.output.contains(arguments[arguments.count == 1 ? 0 : 1]))
      }
      let long = "/tmp/" + String(repeating: "x", count: 120)
      let tooLong = try run(["serve"], ["HOLDFAST_LISTEN": long])
      #expect(tooLong.exitCode != 0)
      #expect(tooLong.output.contains(long))
    }

    @Test func aSweepFromOutside() throws {
      let database = try site.database()
      try database.run(
        """
        TRUNCATE tickets_blocked;
        INSERT INTO tickets_blocked (ticket_id, locked_up)
        SELECT 'old-' || n, now() + (n - 3.5) * interval '1 h' FROM generate_series(1, 5) n
        """)
      let sweep = try site.holdfast("sweep")
      #expect(sweep.exitCode == 0)
      #expect(sweep.output == "deleted 3 expired holds\n")
      #expect(try database.count("SELECT count(*) FROM tickets_blocked") == 2)
      try database.run("TRUNCATE tickets_blocked")
    }

    @Test func listensOnTCP() throws {
      let port = try freePort()
      let service = try ServiceProcess(on: site, listen: "127.0.0.1:\(port)")
      let peer = FastCGIPeer(try Socket(port: port))
      #expect(try peer.request("GET", "/livez").body == Answer.alive)
      service.signal(SIGTERM)
    }

    @Test func listensOnAnInheritedSocket() throws {
      let listener = socket(
        AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
      defer { close(listener) }
      // Without an address of its own, the kernel chooses a port of loopback's.
      #expect(listen(listener, 8) == 0)
      let service = try ServiceProcess(on: site, input: listener)
      let peer = FastCGIPeer(try Socket(port: Self.port(of: listener)))
      #expect(try peer.request("GET", "/livez").body == Answer.alive)
      service.signal(SIGTERM)
    }

    @Test func theUnixSocketHasTheModeThatIsSet() throws {
      let service = try ServiceProcess(on: site, settings: ["HOLDFAST_SOCKET_MODE": "0640"])
      var status = stat()
      #expect(stat(service.socketPath, &status) == 0)
      #expect(status.st_mode & 0o777 == 0o640)
    }

    @Test func onRequestEveryHoldHasAnOwner() throws {
      let service = try ServiceProcess(on: site, settings: ["HOLDFAST_REQUIRE_HOLD_ID": "true"])
      try service.waitUntilReady()
      let peer = try service.peer()
      let message = "data.hold_id: expected 16 to 128 of [A-Za-z0-9._-], got nothing"
      #expect(try peer.lock(["x"]).body == Answer.bad(message))
      let release = RequestText.release(["x"])
      #expect(
        try peer.request("POST", "/tickets_unlock_param", body: release).body == Answer.bad(message)
      )
      #expect(try peer.lock(["x"], holdID: "0123456789abcdef").body == Answer.refused(["x"]))
    }

    /// The secret of a cart, and what the database says, are in no log.
    @Test func secretsAreNotLogged() throws {
      let service = try ServiceProcess(on: site, settings: ["HOLDFAST_LOG_LEVEL": "trace"])
      try service.waitUntilReady()
      let peer = try service.peer()
      let secret = "a-secret-that-no-log-may-show"
      #expect(try peer.lock(["x"], holdID: secret).status == 400)
      #expect(try peer.lock(["x"], seconds: 0, holdID: secret).status == 400)
      #expect(!(try peer.lock(["x"], holdID: secret + "!").body.contains(secret)))
      service.signal(SIGTERM)
      #expect(service.log.contains("answered"))
      #expect(!service.log.contains(secret))
      for line in service.log.split(separator: "\n") {
        #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(line.utf8)) }
      }
    }

    private func freePort() throws -> Int {
      let probe = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
      defer { close(probe) }
      guard listen(probe, 1) == 0 else { throw Failure(errno: "listen") }
      return Self.port(of: probe)
    }

    private static func port(of descriptor: Int32) -> Int {
      var address = sockaddr_in()
      var length = socklen_t(MemoryLayout<sockaddr_in>.size)
      withUnsafeMutablePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          _ = getsockname(descriptor, $0, &length)
        }
      }
      return Int(in_port_t(bigEndian: address.sin_port))
    }
  }
}
