internal import ArgumentParser
private import Glibc

/// The command line: `holdfast serve | migrate | sweep | key`, and the tools for operators.
@main
struct HoldfastCommand: ParsableCommand {
  /// The release, by semantic versioning.
  static let version = "0.2.0"

  static let configuration = CommandConfiguration(
    commandName: "holdfast",
    abstract: "Places, renews and releases ticket holds: a FastCGI service over PostgreSQL.",
    version: version,
    subcommands: [
      ServeCommand.self, MigrateCommand.self, SweepCommand.self, KeyCommand.self,
      HoldsCommand.self, ReleaseCommand.self, HistoryCommand.self, DoctorCommand.self,
    ])

  /// What was wrong with the arguments, the settings or `DATABASE_URL` is told by this exit code.
  private static let usageExitCode: Int32 = 2

  static func main() {
    // However the process ends: nobody must take output for complete that is not.
    atexit { flushOutput() }
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch {
      guard error is SettingError || exitCode(for: error) == .validationFailure else {
        exit(withError: error)
      }
      printError(fullMessage(for: error))
      Glibc.exit(usageExitCode)
    }
  }
}
