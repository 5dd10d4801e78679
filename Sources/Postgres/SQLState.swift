/// A five-character error code of the server's (PostgreSQL manual, appendix A).
public struct SQLState: RawRepresentable, Sendable, Hashable {
  /// The five characters.
  public let rawValue: String

  /// Wraps a code.
  public init(rawValue: String) { self.rawValue = rawValue }

  /// 23505: a unique index holds the key already.
  public static let uniqueViolation = SQLState(rawValue: "23505")

  /// 25006: the server takes no writes, because it is a standby or has been set so.
  public static let readOnlyTransaction = SQLState(rawValue: "25006")

  /// 40001: run the transaction again.
  public static let serializationFailure = SQLState(rawValue: "40001")

  /// 40P01: chosen as a deadlock's victim; run the transaction again.
  public static let deadlockDetected = SQLState(rawValue: "40P01")

  /// 42883: the schema lacks a function.
  public static let undefinedFunction = SQLState(rawValue: "42883")

  /// 42P01: the schema lacks a table.
  public static let undefinedTable = SQLState(rawValue: "42P01")

  /// 55P03: `lock_timeout` passed while waiting for a lock.
  public static let lockNotAvailable = SQLState(rawValue: "55P03")

  /// 57014: `statement_timeout` passed, or somebody cancelled the statement.
  public static let queryCanceled = SQLState(rawValue: "57014")

  /// XX000: something is wrong that should not happen.
  public static let internalError = SQLState(rawValue: "XX000")

  /// True for errors that do not say whether the transaction was undone: connection exceptions (class
  /// 08), `statement_completion_unknown` (40003), a session that is ended (57P01 to 57P03), and internal
  /// errors (XX000), which proxies also give for a session that they have lost.
  var leavesOutcomeOpen: Bool {
    rawValue.hasPrefix("08")
      || ["40003", "57P01", "57P02", "57P03", "XX000"].contains(rawValue)
  }
}
