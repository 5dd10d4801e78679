internal import Holds
internal import Postgres

/// What `holdfast_commit` decided about each operation of a batch.
struct CommitVerdicts {
  enum Verdict: Equatable {
    case decided(HoldOutcome)

    /// A row that it needs is locked by another session: to be tried again.
    case deferred
  }

  /// A hundred years, in microseconds, as the function gives it for a hold without an end. Another program
  /// may have entered an end so late that the sum with a time would overflow.
  private static let forEver = 3_155_760_000_000_000

  private(set) var verdicts: [Verdict] = []

  /// The clock that the batch was decided by, in microseconds since 1970.
  let decidedAt: Int

  /// Reads the function's answer.
  ///
  /// - Throws: `internalError` if the answer does not fit the batch: the function is not this version's,
  ///   and what it has committed is not known.
  init(
    _ result: borrowing PostgresResult, of operations: [HoldOperation], heldTicketLimit: Int = 0
  ) throws(PostgresError) {
    let outcomes = result.integerArray(row: 0, column: 0)
    let expiries = result.integerArray(row: 0, column: 1)
    let reasons = result.integerArray(row: 0, column: 2)
    let waits = result.integerArray(row: 0, column: 3)
    decidedAt = result.integer(row: 0, column: 4)
    let memberCount = operations.reduce(0) { $0 + $1.ticketIDs.count }
    guard outcomes.count == operations.count,
      expiries.count == operations.count || (expiries.isEmpty && !outcomes.contains { $0 != 1 }),
      [0, memberCount].contains(reasons.count), waits.count == reasons.count,
      !outcomes.contains(0) || reasons.count == memberCount
    else {
      throw PostgresError(
        .server(.internalError),
        "holdfast_commit gave \(outcomes.count) outcomes and \(reasons.count) reasons for "
          + "\(operations.count) operations on \(memberCount) tickets: run `holdfast migrate`")
    }
    verdicts.reserveCapacity(operations.count)
    var first = 0
    for (index, operation) in operations.enumerated() {
      let ticketIDs = operation.ticketIDs
      switch outcomes[index] {
      case 1, 3:
        // Without expiries every hold lasts for as long as it was asked for.
        let expiry = expiries.isEmpty ? operation.reservedMicroseconds : expiries[index]
        verdicts.append(.decided(Self.done(operation, expiry: expiry, decidedAt: decidedAt)))
      case 2:
        verdicts.append(.deferred)
      case 4:
        verdicts.append(
          .decided(.overLimit(limit: heldTicketLimit, held: expiries[index])))
      case 5:
        verdicts.append(.decided(.orderMismatch))
      default:
        let members = first..<first + ticketIDs.count
        verdicts.append(
          .decided(.refused(Self.refusal(ticketIDs, reasons[members], waits[members]))))
      }
      first += ticketIDs.count
    }
  }

  private static func done(_ operation: HoldOperation, expiry: Int, decidedAt: Int) -> HoldOutcome {
    let expiry = min(expiry, forEver)
    return switch operation {
    case .release: .released
    case .confirm: .sold
    case .lock, .lockBest:
      .granted(
        HoldGrant(
          expiresAtUnixMicroseconds: Int64(decidedAt + expiry),
          expiresInSeconds: Int64(expiry / 1_000_000)))
    }
  }

  private static func refusal(
    _ ticketIDs: [String], _ reasons: ArraySlice<Int>, _ waits: ArraySlice<Int>
  ) -> [UnavailableTicket] {
    var unavailable: [UnavailableTicket] = []
    for ((ticketID, reason), wait) in zip(zip(ticketIDs, reasons), waits) {
      switch reason {
      case 1: unavailable.append(UnavailableTicket(ticketID: ticketID, reason: .sold))
      case 2:
        unavailable.append(
          UnavailableTicket(
            ticketID: ticketID, reason: .held,
            availableInSeconds: Int64((min(wait, forEver) + 999_999) / 1_000_000)))
      case 3: unavailable.append(UnavailableTicket(ticketID: ticketID, reason: .unknown))
      case 4: unavailable.append(UnavailableTicket(ticketID: ticketID, reason: .withheld))
      default: break
      }
    }
    return unavailable
  }
}

extension HoldOperation {
  /// How long a lock asks for its tickets, in microseconds as PostgreSQL rounds them; 0 of what is no lock.
  fileprivate var reservedMicroseconds: Int {
    guard case .lock(let request) = self else { return 0 }
    return Int((request.reservedSeconds * 1_000_000).rounded(.toNearestOrEven))
  }
}
