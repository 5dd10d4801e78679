/// The changes of a migration: made, or only told of.
struct MigrationChanges {
  let isDryRun: Bool
  let report: (String) -> Void
  private(set) var count = 0

  init(isDryRun: Bool, report: @escaping (String) -> Void) {
    self.isDryRun = isDryRun
    self.report = report
  }

  func note(_ line: String) { report(line) }

  /// Whether the change is to be made.
  mutating func begin(_ change: String) -> Bool {
    count += 1
    report(isDryRun ? "would \(change)" : change)
    return !isDryRun
  }
}
