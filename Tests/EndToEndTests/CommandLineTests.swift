import Foundation
import TestSupport
import Testing

extension EndToEnd {
  /// The command line and the settings.
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
      for name in ["serve", "migrate", "sweep", "holds", "release", "history", "doctor"] {
        #expect(help.output.contains(name))
      }
      let settings = try run(["serve", "--help"])
      #expect(settings.exitCode == 0)
      for name in ["--request-timeout", "HOLDFAST_REQUEST_TIMEOUT", "default 5s", "DATABASE_URL"] {
        #expect(settings.output.contains(name))
      }
    }

    @Test(arguments: [
      nil, "serve", "migrate", "sweep", "key", "holds", "release", "history", "doctor",
    ])
    func helpFitsIn80Columns(command: String?) throws {
      let help = try run([command, "--help"].compactMap(\.self))
      #expect(help.exitCode == 0)
      let lines = help.output.split(separator: "\n")
      #expect(lines.filter { $0.count > 80 } == [])
      // Below a setting's flag, every line is indented like the first.
      let settings = lines.drop { !$0.hasPrefix("SETTINGS") }.dropFirst()
      for line in settings.prefix(while: { !$0.hasPrefix("DATABASE") }) {
        #expect(line.hasPrefix("  --") || line.hasPrefix("      "), "\(line)")
      }
    }

    @Test func readmeShowsEverySettingWithItsDefault() throws {
      let help = try run(["serve", "--help"]).output
      let readmes = ["README.md", "deploy/README.md"].compactMap {
        try? String(contentsOfFile: TestSettings.root + "/" + $0, encoding: .utf8)
      }
      let settings = help.matches(of: #/(HOLDFAST_[A-Z_]+), default ([^:]+):/#)
      #expect(settings.count > 20)
      for setting in settings {
        let row = "| `\(setting.1)` | `\(setting.2)` |"
        #expect(readmes.contains { $0.contains(row) }, "\(row)")
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
      ("HOLDFAST_LISTEN", "nowhere", "a path of at most 107 bytes, host:port or fd:number"),
      ("HOLDFAST_MAX_BODY_BYTES", "122881", "a whole number from 256 to 122880"),
      ("HOLDFAST_MAX_PARAMETERS_BYTES", "32769", "a whole number from 2048 to 32768"),
    ])
    func wrongSettingsAreRefused(name: String, value: String, allowed: String) throws {
      let inEnvironment = try run(["serve"], [name: value])
      #expect(inEnvironment.exitCode == 2)
      #expect(inEnvironment.output.contains("\(name): expected \(allowed), got \"\(value)\""))
      let flag = "--" + name.dropFirst(9).lowercased().replacing("_", with: "-")
      let asFlag = try run(["serve", flag, value])
      #expect(asFlag.exitCode == 2)
      #expect(asFlag.output.contains("expected \(allowed), got \"\(value)\""))
    }

    private static let longPath = "/tmp/" + String(repeating: "x", count: 120)
    private static let socketIsReached = "/nowhere/s: bind"

    /// What can be gets as far as the socket, which cannot.
    @Test(
      arguments: [
        (["dance"], [:], 2, "dance"),
        (["serve", "--colour", "red"], [:], 2, "--colour"),
        (["serve", "--workers"], [:], 2, "--workers"),
        (["serve"], ["HOLDFAST_LISTEN": longPath], 2, longPath),
        // The flag wins.
        (
          ["serve", "--pool-size=3"], ["HOLDFAST_COMMITTERS": "3", "HOLDFAST_POOL_SIZE": "4"], 2,
          "more than HOLDFAST_COMMITTERS, which is 3, got \"3\""
        ),
        (
          ["serve", "--pool-size=4"], ["HOLDFAST_COMMITTERS": "3", "HOLDFAST_POOL_SIZE": "3"], 1,
          socketIsReached
        ),
        // A request is only taken once the socket's buffer holds all of it.
        (
          ["serve"],
          ["HOLDFAST_MAX_BODY_BYTES": "106496", "HOLDFAST_MAX_PARAMETERS_BYTES": "16385"], 2,
          "HOLDFAST_MAX_BODY_BYTES and HOLDFAST_MAX_PARAMETERS_BYTES: expected at most 122880"
        ),
        (
          ["serve"],
          ["HOLDFAST_MAX_BODY_BYTES": "106496", "HOLDFAST_MAX_PARAMETERS_BYTES": "16384"], 1,
          socketIsReached
        ),
        (
          ["serve"], ["DATABASE_URL_FILE": "/nowhere/url"], 2,
          "DATABASE_URL: /nowhere/url cannot be read"
        ),
        (
          ["serve"], ["HOLDFAST_LISTEN": "127.0.0.1:0", "NOTIFY_SOCKET": "notify"], 2,
          "NOTIFY_SOCKET: expected a path or @name"
        ),
        // A descriptor that was passed to another process is not this one's.
        (["serve"], ["LISTEN_FDS": "1", "LISTEN_PID": "1"], 1, socketIsReached),
        (
          ["serve"], ["HOLDFAST_SHARD_KEY": "last"], 2,
          "HOLDFAST_SHARD_KEY: expected off, before-first:C"
        ),
        (
          ["serve"], ["HOLDFAST_SHARD_KEY": "before-last:-", "HOLDFAST_MAX_HELD_TICKETS": "3"], 2,
          "HOLDFAST_MAX_HELD_TICKETS: expected 0 with HOLDFAST_SHARD_KEY"
        ),
        (
          ["serve"], ["HOLDFAST_SHARD_KEY": "before-last:-", "HOLDFAST_STRICT_SALES": "auto"], 2,
          "HOLDFAST_STRICT_SALES: expected true or false with HOLDFAST_SHARD_KEY"
        ),
        (["migrate", "--engine", "citus"], [:], 2, "--engine: expected plproxy"),
        (
          ["migrate", "--engine", "plproxy", "--limits"], [:], 2,
          "--engine: expected no other option"
        ),
        (
          ["migrate", "--engine", "plproxy", "--confirm"], [:], 2,
          "--engine: expected no other option"
        ),
        (
          ["migrate", "--engine", "plproxy", "--no-strict-sales"], [:], 2,
          "--engine: expected no other option"
        ),
        (["migrate", "--confirm"], [:], 2, "--confirm: expected --grant"),
        (["migrate", "--no-strict-sales"], [:], 2, "--no-strict-sales: expected --grant"),
        (["migrate", "--shard-key", "off"], [:], 2, "--shard-key: expected"),
      ] as [([String], [String: String], Int, String)])
    func whatCannotBeIsRefused(
      arguments: [String], settings: [String: String], exitCode: Int, told: String
    ) throws {
      let command = try run(arguments, settings)
      #expect(command.exitCode == exitCode)
      #expect(command.output.contains(told), "\(command.output)")
    }

    /// Without the usage of another command.
    @Test(arguments: [
      (["hash"], "the secret: expected 32 to 512 of [A-Za-z0-9._~+/=-], made at random"),
      (["create", "a/b", "--scopes", "hold"], "a key's name: expected 1 to 64 of [A-Za-z0-9._-]"),
    ])
    func whatIsWrongWithAKeyIsTold(arguments: [String], told: String) throws {
      let command = try run(["key"] + arguments)
      #expect(command.exitCode == 2)
      #expect(command.output == "Error: \(told)\n")
    }

    /// `/dev/full` takes nothing. No secret is shown of a key that is stored nowhere.
    @Test(arguments: [
      ["key", "create", "shop", "--scopes", "hold"], ["serve", "--help"], ["--version"],
      ["doctor", "--json"],
    ])
    func outputThatIsNotWrittenIsAnError(arguments: [String]) throws {
      let command = try Command(
        ["sh", "-c", "exec \"$@\" >/dev/full", "sh", TestSettings.binary] + arguments,
        environment: site.databaseEnvironment(), seconds: 10)
      #expect(command.exitCode == 1)
      #expect(command.output == "Error: the output was not written: No space left on device\n")
    }

    @Test func misspelledSettingsAreNamed() throws {
      let misspelled = try run(
        ["serve"],
        [
          "HOLDFAST_POOLSIZE": "4", "HOLDFAST_MAX_BODY_BYTE": "9", "HOLDFAST_WOKERS": "2",
          "HOLDFAST_SOMETHING_ELSE": "5",
        ])
      for (name, nearest) in [
        ("POOLSIZE", "HOLDFAST_POOL_SIZE"), ("MAX_BODY_BYTE", "HOLDFAST_MAX_BODY_BYTES"),
        ("WOKERS", "HOLDFAST_WORKERS"), ("SOMETHING_ELSE", "none"),
      ] {
        #expect(
          misspelled.output.contains(
            #""message":"unknown setting ignored","name":"HOLDFAST_\#(name)","nearest":"\#(nearest)""#
          ), "\(misspelled.output)")
      }
    }

    @Test func confirmsWithoutKeysAreWarnedOf() throws {
      let warning = #""message":"whoever may call /tickets_confirm can sell any free ticket"#
      let keys = try TemporaryDirectory()
      let file = keys.path + "/api-keys"
      let key = "shop hold sha256:" + String(repeating: "0", count: 64) + "\n"
      try key.write(toFile: file, atomically: true, encoding: .utf8)
      let confirms = ["HOLDFAST_CONFIRM": "true"]
      #expect(try run(["serve"], confirms).output.contains(warning))
      #expect(try !run(["serve"], [:]).output.contains(warning))
      let keyed = confirms.merging(["HOLDFAST_API_KEYS_FILE": file]) { $1 }
      #expect(try !run(["serve"], keyed).output.contains(warning))
    }

    /// One file of settings may serve the service, the scripts and nginx.
    @Test func settingsOfTheScriptsAndOfNginxAreKnown() throws {
      func names(in path: String, from start: String, to end: String) throws -> Set<String> {
        let text = try String(contentsOfFile: TestSettings.root + "/" + path, encoding: .utf8)
        let body = text.split(separator: start, maxSplits: 1)[1].split(separator: end)[0]
        return Set(body.matches(of: #/HOLDFAST_[A-Z_]+/#).map { String($0.output) })
      }
      let scripts = try names(in: "deploy/lib/settings.sh", from: "script_settings=(", to: ")\n")
      let nginx = try names(in: "nginx/render", from: "<<'EOF'\n", to: "\nEOF\n")
      #expect(scripts.count > 30 && nginx.count > 20)
      let values = scripts.union(nginx).map { ($0, "4000") }
      let command = try run(["serve"], Dictionary(uniqueKeysWithValues: values))
      #expect(command.output.contains("/nowhere/s: bind"))
      #expect(!command.output.contains("unknown setting"), "\(command.output)")
    }

    /// libpq would take the first for a database's name, and quotes what it cannot read.
    @Test(arguments: [
      "postgre://holdfast:s3cret@localhost/shop", "postgresql://holdfast:s3c/ret@localhost/shop",
      "host=localhost password=s3c ret",
    ])
    func aMalformedDatabaseURLIsRefusedAndNotShown(url: String) throws {
      for command in ["serve", "migrate", "sweep", "holds", "doctor"] {
        let refused = try run([command], ["DATABASE_URL": url])
        #expect(refused.exitCode == 2)
        #expect(refused.output.contains("DATABASE_URL: expected postgresql://user:password@"))
        #expect(!refused.output.contains("s3c") && !refused.output.contains("ret@"))
      }
    }

    @Test func aSweepFromOutside() throws {
      // In a database that no service sweeps.
      try site.withMigratedDatabase { name, database in
        try database.run(
          """
          INSERT INTO tickets_blocked (ticket_id, locked_up)
          SELECT 'old-' || n, now() + (n - 3.5) * interval '1 h' FROM generate_series(1, 5) n
          """)
        let sweep = try site.holdfast("sweep", database: name)
        #expect(sweep.exitCode == 0)
        #expect(sweep.output == "deleted 3 expired holds\n")
        #expect(try database.count("SELECT count(*) FROM tickets_blocked") == 2)
      }
    }

    /// A hold that a clock which was set back has made in the future is live for as long as the site's
    /// holds may last: the service serves it, and a sweep from outside must not delete it.
    @Test func aSweepFromOutsideKnowsHowLongHoldsMayLast() throws {
      let database = try site.database()
      try database.run(
        """
        TRUNCATE tickets_blocked;
        INSERT INTO tickets_blocked (ticket_id, locked_up, date_created)
        VALUES ('future-1', now() + interval '4 h', now() + interval '10 min')
        """)
      var environment = site.databaseEnvironment()
      environment["HOLDFAST_MAX_RESERVED_TIME"] = "24h"
      let longer = try Command([TestSettings.binary, "sweep"], environment: environment)
      #expect(longer.output == "deleted 0 expired holds\n")
      // By the default it lasts longer than a hold may.
      let sweep = try site.holdfast("sweep")
      #expect(sweep.output == "deleted 1 expired holds\n")
    }

    /// The file is read as what it stands for is: the user whom it names does not exist.
    @Test(arguments: ["DATABASE_URL_FILE", "CREDENTIALS_DIRECTORY"])
    func theDatabaseIsNamedInAFile(variable: String) throws {
      let directory = try TemporaryDirectory()
      let file = directory.path + "/holdfast.database-url"
      try "user=nobody_by_this_name\npassword=s3cret\n".write(
        toFile: file, atomically: true, encoding: .utf8)
      var environment = site.databaseEnvironment()
      environment[variable] = variable == "DATABASE_URL_FILE" ? file : directory.path
      let named = try Command([TestSettings.binary, "sweep"], environment: environment)
      #expect(named.output.contains("nobody_by_this_name"))
      #expect(!named.output.contains("s3cret"))
      // The variable wins.
      environment["DATABASE_URL"] = "user=\(site["PGUSER"])"
      let overruled = try Command([TestSettings.binary, "sweep"], environment: environment)
      #expect(overruled.exitCode == 0, "\(overruled.output)")
    }
  }
}
