/// A five-character error code of the server's (PostgreSQL manual, appendix A).
public struct SQLState: RawRepresentable, Sendable, Hashable {
  /// The five characters.
  public let rawValue: String

  /// Wraps a code.
  public init(rawValue: String) { self.rawValue = rawValue }

  /// 23503: a foreign key's row is missing, or still named.
  public static let foreignKeyViolation = SQLState(rawValue: "23503")

  /// 23505: a unique index holds the key already.
  public static let uniqueViolation = SQLState(rawValue: "23505")

  /// 25006: the server takes no writes, because it is a standby or has been set so.
  public static let readOnlyTransaction = SQLState(rawValue: "25006")

  /// 40001: run the transaction again.
  public static let serializationFailure = SQLState(rawValue: "40001")

  /// 40P01: chosen as a deadlock's victim; run the transaction again.
  public static let deadlockDetected = SQLState(rawValue: "40P01")

  /// 42501: a privilege is missing.
  public static let insufficientPrivilege = SQLState(rawValue: "42501")

  /// 42703: a table lacks a column.
  public static let undefinedColumn = SQLState(rawValue: "42703")

  /// 42883: the schema lacks a function.
  public static let undefinedFunction = SQLState(rawValue: "42883")

  /// 42P01: the schema lacks a table.
  public static let undefinedTable = SQLState(rawValue: "42P01")

  /// 55P03: `lock_timeout` passed while waiting for a lock.
  public static let lockNotAvailable = SQLState(rawValue: "55P03")

  /// 57014: `statement_timeout` passed, or another session cancelled the statement.
  public static let queryCanceled = SQLState(rawValue: "57014")

  /// XX000: something is wrong that should not happen.
  public static let internalError = SQLState(rawValue: "XX000")

  /// True for class 42: the statement does not fit the tables that there are, or asks for too much.
  public var isSyntaxErrorOrAccessRuleViolation: Bool { rawValue.hasPrefix("42") }

  /// Classes of errors that a statement raises while it runs, so that its transaction is undone.
  private static let undoneClasses: Set<String> = [
    "0A", "21", "22", "23", "25", "26", "28", "3D", "3F", "40", "42", "44", "53", "54", "55", "P0",
  ]

  /// True for errors that do not say whether the transaction was undone.
  ///
  /// Among them are connection exceptions (class 08), `statement_completion_unknown` (40003), a session
  /// that is ended (class 57 but 57014), system errors (58) and internal errors (XX). Proxies and
  /// distributed engines use these for a session that they have lost, and may use others: so every
  /// code counts that is not known to undo the transaction.
  var leavesOutcomeOpen: Bool {
    if self == .queryCanceled { return false }
    return rawValue == "40003" || !Self.undoneClasses.contains(String(rawValue.prefix(2)))
  }
}
