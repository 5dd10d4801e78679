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

  /// Runs the body with a part of the function's text replaced; there must be exactly one such part.
  func replacing<Value>(
    _ part: String, with other: String, _ body: () throws -> Value
  ) throws -> Value {
    guard original.components(separatedBy: part).count == 2 else {
      throw Failure("holdfast_commit has not exactly one: \(part)")
    }
    try database.run(original.replacingOccurrences(of: part, with: other))
    defer { _ = try? database.run(original) }
    return try body()
  }
}
