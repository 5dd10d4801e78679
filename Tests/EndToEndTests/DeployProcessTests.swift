import Foundation
import TestSupport
import Testing

extension EndToEnd {
  /// How the scripts tell whether a part of a site runs.
  @Suite("deploy: processes")
  struct DeployProcessTests {
    /// Runs a script beside `deploy/lib/process.sh`, in a site's folder of its own.
    private func run(_ script: String) throws -> Command {
      let place = try TemporaryDirectory()
      let library = "\(TestSettings.root)/deploy/lib/process.sh"
      return try Command(
        [
          "bash", "-euo", "pipefail", "-c", "mkdir \"$dir/pids\"; source \"$0\"; \(script)",
          library,
        ],
        environment: ["dir": place.path])
    }

    /// Nothing is known of its start, and nothing of its end later on.
    @Test func aPartThatEndsAtOnceDoesNotRun() throws {
      let command = try run("true & wait $!; remember holdfast-1 $!; pid_of holdfast-1")
      #expect(command.exitCode == 1)
      #expect(command.output == "")
    }

    /// The service would end, and without a drain.
    @Test func theServiceIsNotReloaded() throws {
      let place = try TemporaryDirectory()
      for part in ["holdfast", "holdfast-1"] {
        let command = try Command(
          ["\(TestSettings.root)/deploy/service", "reload", part],
          environment: ["HOLDFAST_DIR": place.path])
        #expect(command.exitCode == 2)
        #expect(command.output.hasPrefix("usage: deploy/service "))
      }
    }

    /// Neither after a build nor after the start of a site.
    @Test func anOptionThatNobodyHasIsRefusedAtOnce() throws {
      let command = try Command(
        ["\(TestSettings.root)/deploy/test", "--filter", "X", "--bogus"], seconds: 10)
      #expect(command.exitCode == 2)
      #expect(command.output == "test: --bogus: no option of this script, nor of swift test\n")
    }

    /// nginx would not know it.
    @Test func anInstanceThatTheSiteDoesNotHaveIsRefused() throws {
      let place = try TemporaryDirectory()
      for (name, text) in [
        ("env", "HOLDFAST_INSTANCES=2"), ("run-dir", place.path), ("place", place.path),
        ("binary", "/bin/true"),
      ] {
        try "\(text)\n".write(toFile: place.path + "/" + name, atomically: true, encoding: .utf8)
      }
      for part in ["holdfast-0", "holdfast-3", "holdfast-01"] {
        let command = try Command(
          ["\(TestSettings.root)/deploy/service", "start", part],
          environment: ["HOLDFAST_DIR": place.path])
        #expect(command.exitCode == 1)
        #expect(command.output == "service: \(part): the site has holdfast-1, holdfast-2\n")
      }
    }

    /// The control: one that runs does, until it has ended.
    @Test func aPartRunsUntilItEnds() throws {
      let command = try run(
        """
        sleep 60 & remember holdfast-1 $!; [[ $(pid_of holdfast-1) == $! ]]
        kill $!; wait $! || true; ! pid_of holdfast-1
        """)
      #expect(command.exitCode == 0)
    }
  }
}
