internal import ArgumentParser

/// The command line: `holdfast serve | migrate | sweep`.
struct HoldfastCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "holdfast",
    abstract: "Places, renews and releases ticket holds: FastCGI in front, PostgreSQL behind.",
    version: Version.current,
    subcommands: [ServeCommand.self, MigrateCommand.self, SweepCommand.self])
}
