public import Postgres

extension PostgresError {
  /// The same error; where a table or a function is missing, its message asks for the migration.
  public var askingForMigration: PostgresError {
    guard code == .server(.undefinedTable) || code == .server(.undefinedFunction) else {
      return self
    }
    return PostgresError(code, "\(message): has `holdfast migrate` been run here?")
  }
}
