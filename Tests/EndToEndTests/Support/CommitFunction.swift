import TestSupport

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
  @discardableResult
  func replacing<Value>(
    _ replacements: [(part: String, other: String)], _ body: () throws -> Value
  ) throws -> Value {
    let changed = try replacements.reduce(original) { text, replacement in
      try text.replacingOnly(replacement.part, with: replacement.other)
    }
    return try replaced(by: changed, body)
  }

  /// Runs the body with another function in this one's place.
  func replaced<Value>(by sql: String, _ body: () throws -> Value) throws -> Value {
    try database.run(sql)
    defer { _ = try? database.run(original) }
    return try body()
  }
}

extension String {
  /// Replaces a part that must be there exactly once.
  func replacingOnly(_ part: String, with other: String) throws -> String {
    guard ranges(of: part).count == 1 else { throw Failure("not exactly one: \(part)") }
    return replacing(part, with: other)
  }
}
