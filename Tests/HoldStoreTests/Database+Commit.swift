import Holds
import Postgres
import TestSupport
import Threads

@testable import HoldStore

extension Database {
  /// What `holdfast_commit` decided, and by which clock.
  struct Commit {
    var verdicts: [CommitVerdicts.Verdict]
    var decidedAt: Int
  }

  /// Runs a batch as a committer does.
  func commit(
    _ operations: [HoldOperation], isStrict: Bool = false, heldTicketLimit: Int = 0,
    record: CommitRecord = CommitRecord(), requestIDs: [String?] = []
  ) throws(PostgresError) -> Commit {
    let result = try connection.execute(
      CommitStatement.statement,
      CommitStatement(operations, requestIDs: requestIDs).parameters(
        longestHoldSeconds: 7200, isStrict: isStrict, heldTicketLimit: heldTicketLimit,
        record: record),
      deadline: Self.patience)
    return Commit(
      verdicts: try CommitVerdicts(result, of: operations, heldTicketLimit: heldTicketLimit)
        .verdicts,
      decidedAt: result.integer(row: 0, column: 4))
  }

  /// Puts the function without a part of it into the database.
  ///
  /// - Parameter places: In how many places it has that part; nil does not count them.
  func takeOut(_ part: String, insteadOf replacement: String = "", places: Int? = 1) throws {
    let source = try texts("SELECT pg_get_functiondef('holdfast_commit'::regproc)")[0]
    let found = source.ranges(of: part).count
    guard found > 0, found == places ?? found else { throw Failure("\(found) places: \(part)") }
    try run(source.replacing(part, with: replacement))
  }

  /// The same without its count of what it has changed, which would find out some negative controls.
  func takeOutCount() throws { try takeOut("v_missed <> 0 OR v_unsold <> 0", insteadOf: "false") }

  /// Runs a batch and tells in a word what became of each operation.
  func outcomes(
    _ operations: HoldOperation..., limit: Int = 0, isStrict: Bool = false
  ) throws -> [String] {
    try commit(operations, isStrict: isStrict, heldTicketLimit: limit).verdicts.map(Self.word)
  }

  /// The holds by ticket.
  func holds() throws -> [String: HoldRow] {
    HoldModel(rows: 1, seats: 1).reading(try holdRows()).holds
  }

  /// What the tables say, for a model to read.
  func holdRows() throws -> [[String?]] {
    let sql = HoldModel.query(knowing: Self.secrets.withLock(\.self))
    let result = try connection.query(sql, deadline: Self.patience)
    return (0..<result.rowCount).map { row in
      (0..<7).map { result.optionalText(row: row, column: $0) }
    }
  }

  static func word(_ verdict: CommitVerdicts.Verdict) -> String {
    switch verdict {
    case .deferred: "deferred"
    case .decided(.granted): "granted"
    case .decided(.released): "released"
    case .decided(.sold): "sold"
    case .decided(.overLimit(let limit, let held)): "\(held) held of \(limit)"
    case .decided(.orderMismatch): "another order"
    case .decided(.refused(let tickets)):
      "refused " + tickets.map { "\($0.ticketID) \($0.reason)" }.joined(separator: ", ")
    case .decided(let other): "\(other)"
    }
  }

  /// Runs batches on four connections at once, their tickets in any order, and tells what they fail with.
  ///
  /// - Parameter batch: Runs one, with so many of the tickets, for a cart, in that round.
  func runAtOnce(
    rounds: Int, tickets count: Int,
    _ batch: @escaping @Sendable (Database, [String], HoldID, Int) throws(PostgresError) -> Void
  ) throws -> [PostgresError] {
    let tickets = (0..<12).map { "t\($0)" }
    try sell(tickets)
    // Statements that insert several rows meet in the middle.
    try run(
      """
      CREATE FUNCTION pause() RETURNS trigger LANGUAGE plpgsql AS
        'BEGIN PERFORM pg_sleep(0.001); RETURN NEW; END';
      CREATE TRIGGER pause BEFORE INSERT ON tickets_blocked FOR EACH ROW EXECUTE FUNCTION pause();
      """)
    let failures = try inParallel(4) { index in
      let database = try Database(beside: self)
      var failures: [PostgresError] = []
      for round in 0..<rounds {
        let names = Array(tickets.shuffled().prefix(count))
        do throws(PostgresError) {
          try batch(database, names, HoldID("cart-of-thread-\(index)"), round)
        } catch {
          failures.append(error)
        }
      }
      return failures
    }
    return failures.flatMap(\.self)
  }
}

extension HoldOperation {
  static func lock(
    _ ticketIDs: String..., seconds: Double = 600, as secret: String? = nil
  ) -> HoldOperation {
    if let secret { _ = Database.secrets.withLock { $0.insert(secret) } }
    return .lock(
      LockRequest(
        ticketIDs: ticketIDs, reservedSeconds: seconds, holdID: secret.map { HoldID($0) }))
  }

  /// A lock whose shopper is counted, or whose tickets were chosen.
  static func lock(
    _ ticketIDs: [String], seconds: Double = 600, as secret: String? = nil, shopper: String? = nil,
    choice: ChoiceKey? = nil
  ) -> HoldOperation {
    if let secret { _ = Database.secrets.withLock { $0.insert(secret) } }
    return .lock(
      LockRequest(
        ticketIDs: ticketIDs, reservedSeconds: seconds, holdID: secret.map { HoldID($0) },
        shopper: shopper.map { ShopperID($0) }, choice: choice))
  }

  static func confirm(
    _ ticketIDs: String..., order: String, as secret: String? = nil
  ) -> HoldOperation {
    .confirm(
      ConfirmRequest(ticketIDs: ticketIDs, orderID: order, holdID: secret.map { HoldID($0) }))
  }

  static func release(_ ticketIDs: String..., as secret: String? = nil) -> HoldOperation {
    .release(ReleaseRequest(ticketIDs: ticketIDs, holdID: secret.map { HoldID($0) }))
  }
}
