internal import Holds
internal import Postgres
internal import Threads

/// Whether the database would take commits: what a dry commit has found out, and a ping since.
///
/// A missing right does not mend itself, so that the result of a dry commit is kept until another has
/// been made: after the first connection, after a commit that the database refused, and, as long as
/// there is a problem, at each readiness check. One that another session's lock has kept from a result
/// changes nothing, and is repeated.
final class DatabaseCheck: Sendable {
  private struct State {
    var isDryCommitDue = true
    var problem: String?
    var hasStrictSales: Bool?
  }

  private enum DryCommit {
    case succeeded
    case refused(String)

    /// Another session has locked what the dry commit touches.
    case undecided
  }

  private let strictSales: StrictSales
  private let hasConfirms: Bool
  private let hasLimit: Bool
  private let hasHistory: Bool
  private let isSharded: Bool
  private let onEvent: @Sendable (HoldStoreEvent) -> Void
  private let state = Monitor(State())

  /// - Parameters:
  ///   - hasConfirms: Whether the rights that a confirm needs are tried, too.
  ///   - hasLimit: Whether those that the limit by shopper needs are.
  ///   - hasHistory: Whether those that the history needs are.
  ///   - isSharded: Whether there is an engine in front of several servers. It is enough then that the
  ///     engine answers: while one server is away, the others serve.
  init(
    strictSales: StrictSales, hasConfirms: Bool = false, hasLimit: Bool = false,
    hasHistory: Bool = false, isSharded: Bool = false,
    onEvent: @escaping @Sendable (HoldStoreEvent) -> Void
  ) {
    self.strictSales = strictSales
    self.hasConfirms = hasConfirms
    self.hasLimit = hasLimit
    self.hasHistory = hasHistory
    self.isSharded = isSharded
    self.onEvent = onEvent
  }

  /// Whether commits lock the tickets.
  var hasStrictSales: Bool { state.withLock { $0.hasStrictSales ?? false } }

  /// The same for a report; nil as long as it is not known.
  var reportedStrictSales: Bool? { state.withLock { $0.hasStrictSales } }

  /// Has the next readiness check make a dry commit, since the database has refused a real one.
  func repeatDryCommit() { state.withLock { $0.isDryCommitDue = true } }

  /// Looks whether the database answers, and whether it would take a commit.
  ///
  /// - Returns: `ok` or `refused`.
  /// - Throws: What keeps the database from being asked.
  func run(
    on connection: PostgresConnection, deadline: Instant
  ) throws(PostgresError) -> Readiness.Database {
    if isSharded { try readStrictSales(on: connection, deadline: deadline) }
    guard !isSharded, state.withLock({ $0.isDryCommitDue || $0.problem != nil }) else {
      try connection.query("SELECT 1", deadline: deadline)
      return .ok
    }
    try readStrictSales(on: connection, deadline: deadline)
    let problem: String?
    switch try dryCommit(on: connection, deadline: deadline) {
    case .succeeded: problem = nil
    case .refused(let message): problem = message
    case .undecided: return state.withLock { $0.problem }.map { .refused($0) } ?? .ok
    }
    let isNew = state.withLock { state in
      defer {
        state.problem = problem
        state.isDryCommitDue = false
      }
      return state.problem != problem
    }
    if isNew, let problem { onEvent(.commitsRefused(problem)) }
    return problem.map { .refused($0) } ?? .ok
  }

  /// Makes the first dry commit; later connections have it behind them.
  func runOnce(on connection: PostgresConnection, deadline: Instant) throws(PostgresError) {
    if state.withLock({ $0.isDryCommitDue }) { _ = try run(on: connection, deadline: deadline) }
  }

  private func dryCommit(
    on connection: PostgresConnection, deadline: Instant
  ) throws(PostgresError) -> DryCommit {
    let isStrict = hasStrictSales
    let script = EmbeddedSQL.dryCommit
      .filling("strict", with: "\(isStrict)")
      .filling("lock", with: isStrict ? "SELECT FROM tickets WHERE false FOR SHARE;" : "")
      .filling("confirm", with: hasConfirms ? EmbeddedSQL.dryConfirm : "")
      .filling("history", with: hasHistory ? EmbeddedSQL.dryHistory : "")
      .filling("limit", with: hasLimit ? "SELECT FROM holdfast_secret WHERE false;" : "")
    do throws(PostgresError) {
      try connection.run(script: script, deadline: deadline)
      return .succeeded
    } catch {
      guard case .server(let state) = error.code, connection.isUsable else { throw error }
      try connection.run(script: "ROLLBACK", deadline: deadline)
      let isPassing: [SQLState] = [
        .lockNotAvailable, .queryCanceled, .serializationFailure, .deadlockDetected,
        .uniqueViolation,
      ]
      if state == .readOnlyTransaction { throw error }
      return isPassing.contains(state) ? .undecided : .refused(error.message)
    }
  }

  private func readStrictSales(
    on connection: PostgresConnection, deadline: Instant
  ) throws(PostgresError) {
    let isOn: Bool
    switch strictSales {
    case .on: isOn = true
    case .off: isOn = false
    case .auto:
      isOn = try connection.query(
        "SELECT coalesce(has_any_column_privilege(to_regclass('tickets'), 'UPDATE'), false)",
        deadline: deadline
      ).bool(row: 0, column: 0)
    }
    let isNew = state.withLock { state in
      defer { state.hasStrictSales = isOn }
      return state.hasStrictSales != isOn
    }
    if isNew { onEvent(.strictSales(isOn)) }
  }
}
