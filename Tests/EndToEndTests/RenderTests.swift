import Foundation
import TestSupport
import Testing

extension EndToEnd {
  /// What `nginx/render` says of a main file that is not its own.
  @Suite("nginx/render")
  struct RenderTests {
    /// What Debian's nginx.conf says of connections.
    private static let debians = """
      user www-data;
      worker_processes auto;
      pid /run/nginx.pid;

      events {
      \tworker_connections 768;
      \t# worker_connections 99999;
      }

      """

    private let place: TemporaryDirectory
    private var file: String { place.path + "/nginx.conf" }

    init() throws { place = try TemporaryDirectory() }

    /// Its output, beside this main file.
    private func render(
      beside text: String?, _ settings: [String: String] = [:]
    ) throws -> String {
      try text?.write(toFile: file, atomically: true, encoding: .utf8)
      let render = TestSettings.root + "/nginx/render"
      let environment = ["HOLDFAST_WORKER_PROCESSES": "2"].merging(settings) { $1 }
      let command = try Command([render, place.path], environment: environment)
      #expect(command.exitCode == 0)
      return command.output
    }

    /// 1,024 requests and 256 seat maps, two connections for each; 256 that are idle, and 64.
    private static let needs =
      "need worker_connections of at least 2880 and worker_rlimit_nofile of at least 5952"

    @Test func itWarnsOfTooFewConnections() throws {
      let tooFew = try render(beside: Self.debians)
      #expect(
        tooFew.contains(
          "warning: \(file): these settings \(Self.needs), but it has 768 and none (1024)"))
      #expect(try render(beside: "events { }\n").contains("has none (512) and none (1024)"))
      let nearly = "worker_rlimit_nofile 5952;\nevents { worker_connections 2879; }\n"
      #expect(try render(beside: nearly).contains("has 2879 and 5952"))
      let files = "worker_rlimit_nofile 5951;\nevents { worker_connections 2880; }\n"
      #expect(try render(beside: files).contains("has 2880 and 5951"))
    }

    @Test func itSaysNothingOfEnough() throws {
      let enough = "worker_rlimit_nofile 5952;\nevents { worker_connections 2880; }\n"
      #expect(try render(beside: enough).isEmpty)
      // More instances may have more requests in flight.
      let sockets = ["HOLDFAST_SOCKETS": "/run/holdfast/1.sock /run/holdfast/2.sock"]
      #expect(try render(beside: enough, sockets).contains("worker_connections of at least 5440"))
      // And small ones may have fewer.
      #expect(try render(beside: Self.debians, ["HOLDFAST_MAX_CONNECTIONS": "200"]).isEmpty)
    }

    @Test func withoutAMainFileItTellsWhatOneNeeds() throws {
      #expect(
        try render(beside: nil)
          == "nginx/render: these settings \(Self.needs) in the main nginx.conf\n")
    }

    /// Holdfast closes idle connections beyond its limit, which requests may be on their way on.
    @Test func whatNginxKeepsOpenMustFitInWhatHoldfastAccepts() throws {
      func command(keepalive: String) throws -> Command {
        let settings = [
          "HOLDFAST_WORKER_PROCESSES": "2", "HOLDFAST_MAX_CONNECTIONS": "2048",
          "HOLDFAST_UPSTREAM_KEEPALIVE": keepalive,
        ]
        return try Command(
          [TestSettings.root + "/nginx/render", place.path], environment: settings)
      }
      // Beside 1,024 requests and 256 seat maps in flight.
      #expect(try command(keepalive: "384").exitCode == 0)
      let refused = try command(keepalive: "385")
      #expect(refused.exitCode == 1)
      #expect(
        refused.output.contains(#"HOLDFAST_MAX_CONNECTIONS="2048": expected at least 2050"#))
    }

    /// Twice the rate may come above it.
    @Test func healthChecksHaveLimitsOfTheirOwn() throws {
      let settings = ["HOLDFAST_HEALTH_RATE": "7", "HOLDFAST_HEALTH_CONNECTIONS": "3"]
      _ = try render(beside: nil, settings)
      func text(_ file: String) throws -> String {
        try String(contentsOfFile: "\(place.path)/\(file)", encoding: .utf8)
      }
      #expect(
        try text("conf.d/holdfast.conf").contains("zone=holdfast_health_requests:1m rate=7r/s;"))
      let limits = try text("holdfast/health_limit.conf")
      #expect(limits.contains("limit_req zone=holdfast_health_requests burst=14 nodelay;"))
      #expect(limits.contains("limit_conn holdfast_health_connections 3;"))
    }

    /// The guide's command makes Debian's file do, however often it is run.
    @Test func theGuidesCommandIsEnough() throws {
      let guide = try String(
        contentsOfFile: TestSettings.root + "/deploy/README.md", encoding: .utf8)
      let command = try #require(
        guide.firstMatch(of: #/sed -i .*\\\n.* \/etc\/nginx\/nginx\.conf\n/#))
      let here = command.output.replacingOccurrences(of: "/etc/nginx/nginx.conf", with: file)
      try Self.debians.write(toFile: file, atomically: true, encoding: .utf8)
      for _ in 1...2 {
        try Command.succeed(["bash", "-c", here])
        let text = try String(contentsOfFile: file, encoding: .utf8)
        #expect(try render(beside: text).isEmpty)
        #expect(text.components(separatedBy: "worker_rlimit_nofile").count == 2)
      }
    }
  }
}
