import Foundation
import TestSupport
import Testing

extension EndToEnd {
  /// What the package's helper asks of systemd, in whose place a script notes it. `RestartTests` has the
  /// helper restart a site.
  @Suite("rolling-restart")
  struct RollingRestartTests {
    private static let ready = "holdfast@1.service loaded active running Holdfast"

    /// Runs the helper; what it said, and what systemd was asked to change.
    ///
    /// - Parameter units: What `systemctl list-units` prints; nil if it fails.
    private func run(_ units: [String]?) throws -> (command: Command, changes: [String]) {
      let place = try TemporaryDirectory()
      let list =
        units == nil
        ? "echo 'Failed to connect to bus' >&2; exit 1" : "cat '\(place.path)/units'"
      let systemctl = """
        #!/bin/sh
        case $1 in
        list-units) \(list) ;;
        show) echo 'ready; 0 requests/s' ;;
        *) echo "$*" >>'\(place.path)/changes' ;;
        esac
        """
      for (name, text) in [
        ("systemctl", systemctl), ("changes", ""),
        ("units", (units ?? []).map { $0 + "\n" }.joined()),
      ] {
        try text.write(toFile: place.path + "/" + name, atomically: true, encoding: .utf8)
      }
      chmod(place.path + "/systemctl", 0o755)
      let path = TestSettings.neutralEnvironment["PATH"] ?? "/usr/bin:/bin"
      let command = try Command(
        ["\(TestSettings.root)/deploy/systemd/rolling-restart"],
        environment: ["PATH": place.path + ":" + path])
      let changes = try String(contentsOfFile: place.path + "/changes", encoding: .utf8)
      return (command, changes.split(separator: "\n").map(String.init))
    }

    /// The new version's units are in force before the first instance is restarted.
    @Test func theUnitsAreReadAnewFirst() throws {
      let (command, changes) = try run([
        Self.ready, "holdfast@2.service loaded active running Holdfast",
      ])
      #expect(command.exitCode == 0, "\(command.output)")
      #expect(
        changes == ["daemon-reload", "restart holdfast@1.service", "restart holdfast@2.service"])
    }

    /// That systemd does not answer does not mean that nothing runs.
    @Test func itFailsWhereSystemdDoesNotAnswer() throws {
      let (command, changes) = try run(nil)
      #expect(command.exitCode == 1)
      #expect(command.output == "Failed to connect to bus\n")
      #expect(changes == ["daemon-reload"])
    }

    @Test func thatNothingRunsIsSaid() throws {
      let (command, changes) = try run([])
      #expect(command.exitCode == 0)
      #expect(command.output == "no instance runs\n")
      #expect(changes == ["daemon-reload"])
    }

    /// The one that serves is the last that does.
    @Test(arguments: ["failed", "activating"])
    func noneIsRestartedBesideOneThatDoesNotServe(state: String) throws {
      let (command, changes) = try run([
        Self.ready, "holdfast@2.service loaded \(state)     \(state) Holdfast",
      ])
      #expect(command.exitCode == 1)
      #expect(command.output.hasPrefix("holdfast@2.service is \(state)\nnone was restarted"))
      #expect(changes == ["daemon-reload"])
    }

    @Test func aSingleOneThatHasFailedIsStarted() throws {
      let (command, changes) = try run(["holdfast.service loaded failed failed Holdfast"])
      #expect(command.exitCode == 0, "\(command.output)")
      #expect(changes == ["daemon-reload", "restart holdfast.service"])
    }
  }
}
