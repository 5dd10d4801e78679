public import Postgres
public import Threads

/// Makes, in a database that has no tickets of its own, the functions by which an engine takes the
/// service's calls to the servers of their keys.
public struct EngineMigrator: Sendable {
  /// An engine in front of several servers.
  public enum Engine: String, Sendable, CaseIterable {
    /// PL/Proxy, with a cluster `holdfast`.
    case plproxy
  }

  private let connection: PostgresConnection
  private let isDryRun: Bool
  private let deadline: Instant

  /// Migrates the database that `connection` is on, until `deadline`.
  public init(_ connection: PostgresConnection, isDryRun: Bool = false, deadline: Instant) {
    self.connection = connection
    self.isDryRun = isDryRun
    self.deadline = deadline
  }

  /// Makes what is missing, or of another version.
  ///
  /// - Returns: How many changes were made, or would be.
  /// - Throws: Also `undefinedFunction` if the database lacks the extension or the cluster.
  @discardableResult
  public func migrate(report: (String) -> Void = { _ in }) throws(PostgresError) -> Int {
    let facts = try connection.query(EmbeddedSQL.engineFacts, deadline: deadline)
    guard facts.bool(row: 0, column: 0), facts.bool(row: 0, column: 1) else {
      let missing = facts.bool(row: 0, column: 0) ? "server holdfast" : "extension plproxy"
      throw PostgresError(
        .server(.undefinedFunction),
        "the database has no \(missing): create the extension, the server and a user mapping first")
    }
    guard !facts.bool(row: 0, column: 2) else {
      throw PostgresError(
        .server(.undefinedFunction),
        "the database has a table tickets_blocked: the engine needs a database without tickets")
    }
    var changes = 0
    try KeyedFunction.replace(
      KeyedFunction.namesInFront, by: KeyedFunction.inFront(), on: connection, deadline: deadline
    ) {
      changes += 1
      report("\(isDryRun ? "would " : "")create the functions of PL/Proxy")
      return !isDryRun
    }
    return changes
  }
}

extension KeyedFunction {
  /// Makes functions anew, unless they have been made of the same text.
  ///
  /// - Parameter isWanted: Whether they are to be made, given that they are not of this text.
  static func replace(
    _ names: [String?], by sql: String, on connection: PostgresConnection, deadline: Instant,
    isWanted: () -> Bool
  ) throws(PostgresError) {
    let found = try connection.query(
      EmbeddedSQL.keyedVersion, [.textArray(names), .text(sql)], deadline: deadline)
    let version = found.text(row: 0, column: 2)
    guard found.text(row: 0, column: 0) != version, isWanted() else { return }
    try connection.run(
      script: """
        \(found.text(row: 0, column: 1))
        \(sql)
        COMMENT ON FUNCTION holdfast_keyed_commit IS '\(version)';
        """, deadline: deadline)
  }
}
