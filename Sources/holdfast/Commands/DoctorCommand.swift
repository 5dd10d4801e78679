internal import ArgumentParser
private import FoundationEssentials
private import HoldStore
private import Postgres
private import Threads

/// `holdfast doctor`: looks at the database, and says what to change.
struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Look at server, tables, rights and settings; say what to change.",
    usage: "holdfast doctor [<options>]",
    discussion: DatabaseOptions.help(
      "It changes nothing. It takes the service's settings from the same HOLDFAST_ variables. "
        + "The exit code is 1 if there is a problem; warnings leave it 0."))

  @Option(help: "The role that the service connects as, if you connect as another.")
  var role: String?

  @Option(help: "How many instances of the service share the database.")
  var instances = 1

  @Flag(help: "Write one JSON object a line.")
  var json = false

  @OptionGroup var database: DatabaseOptions

  func validate() throws {
    guard (1...1000).contains(instances) else {
      throw ValidationError("--instances: expected 1 to 1000, got \"\(instances)\"")
    }
  }

  func run() throws {
    let settings = try ServiceSettings(
      flags: [], environment: ProcessInfo.processInfo.environment)
    var doctor = Doctor(settings: settings.store) {
      Int64((Date.now.timeIntervalSince1970 * 1_000_000).rounded())
    }
    doctor.seatMaps = settings.seatMaps
    doctor.role = role
    doctor.instances = instances
    let deadline = Instant.now.advanced(byMilliseconds: database.timeout * 1000)
    var counts: [Finding.Level: Int] = [:]
    doctor.examine(deadline: deadline) { finding in
      counts[finding.level, default: 0] += 1
      if json {
        print(JSONLine.text(FindingObject(finding)))
      } else {
        for line in Self.lines(finding) { print(line) }
      }
    }
    let (problems, warnings) = (counts[.problem] ?? 0, counts[.warning] ?? 0)
    if !json { print("\(problems) problem(s), \(warnings) warning(s)") }
    if problems > 0 { throw ExitCode.failure }
  }

  private static func lines(_ finding: Finding) -> [String] {
    let level = finding.level.rawValue
    let column = 9
    let text = "\(finding.check): \(TextTable.printable(finding.message))"
    // Wrapped in its own column, in front of which the level is put.
    let message = HelpText.wrapped(text, indent: column, hanging: column).dropFirst(level.count)
    guard let advice = finding.advice else { return [level + message] }
    return [level + message, HelpText.wrapped("→ " + advice, indent: column, hanging: column + 2)]
  }
}

/// A finding as `--json` shows it.
private struct FindingObject: Encodable {
  let check: String
  let level: String
  let message: String
  let advice: String?

  init(_ finding: Finding) {
    check = finding.check
    level = finding.level.rawValue
    message = finding.message
    advice = finding.advice
  }
}
