import Foundation

/// The hold function in a test's database, which a negative control takes a protection out of.
struct CommitFunction {
  private let database: Database
  private let original: String

  init(_ site: Site) throws {
    database = try site.database()
    original = try database.value(
      "SELECT pg_get_functiondef('holdfast_commit'::regproc)")
  }

  /// Runs the body with parts of the function's text replaced; there must be exactly one of each.
  func replacing<Value>(
    _ replacements: [(part: String, other: String)], _ body: () throws -> Value
  ) throws -> Value {
    var changed = original
    for (part, other) in replacements {
      guard changed.components(separatedBy: part).count == 2 else {
        throw Failure("holdfast_commit has not exactly one: \(part)")
      }
      changed = changed.replacingOccurrences(of: part, with: other)
    }
    try database.run(changed)
    defer { _ = try? database.run(original) }
    return try body()
  }
}
