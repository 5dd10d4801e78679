internal import Holds
internal import Postgres

/// The statements by which a commit is made and found again: on the tables themselves, or through
/// functions of an engine that takes them to the key's server.
struct CommitCalls: Sendable {
  let commit: PreparedStatement
  let lookUp: PreparedStatement
  let purge: PreparedStatement
  let choiceRows: PreparedStatement

  /// The key that each call is about, which the engine's functions take as their last argument.
  let key: String?

  static let plain = CommitCalls(
    commit: CommitStatement.statement,
    lookUp: PreparedStatement(name: "holdfast_look_up", sql: EmbeddedSQL.lookUp),
    purge: PreparedStatement(name: "holdfast_purge", sql: EmbeddedSQL.purge),
    choiceRows: PreparedStatement(name: "holdfast_choice_rows", sql: EmbeddedSQL.choiceRows),
    key: nil)

  static func keyed(_ key: String) -> CommitCalls {
    CommitCalls(
      commit: KeyedFunction.commit.call, lookUp: KeyedFunction.lookUp.call,
      purge: KeyedFunction.purge.call, choiceRows: KeyedFunction.choiceRows.call, key: key)
  }

  /// The parameters of one of these statements, with the key.
  func adding(_ parameters: [PostgresParameter]) -> [PostgresParameter] {
    key.map { parameters + [.text($0)] } ?? parameters
  }

  /// Whether a batch may have been committed although its statement failed.
  ///
  /// An engine whose own session is cancelled cannot tell what the key's server has done.
  func mayHaveCommitted(after error: PostgresError) -> Bool {
    error.mayHaveCommitted || (key != nil && error.code == .server(.queryCanceled))
  }
}
