/// A statement that each connection prepares once, under its name.
public struct PreparedStatement: Sendable {
  /// The name, unique among the statements of the program.
  public let name: String

  /// The SQL, with `$1`, `$2`, … for its parameters.
  public let sql: String

  /// Names a statement.
  public init(name: String, sql: String) {
    self.name = name
    self.sql = sql
  }
}
