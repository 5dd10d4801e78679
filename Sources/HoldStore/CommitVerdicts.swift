internal import Holds
internal import Postgres

/// What `holdfast_commit` decided about each operation of a batch.
struct CommitVerdicts {
  enum Verdict: Equatable {
    case settled(HoldOutcome)

    /// A row that it needs is locked by somebody else: to be tried again.
    case putOff
  }

  private(set) var verdicts: [Verdict] = []

  init(_ result: borrowing PostgresResult, of operations: [HoldOperation]) {
    let outcomes = result.integerArray(row: 0, column: 0)
    let expiries = result.integerArray(row: 0, column: 1)
    let reasons = result.integerArray(row: 0, column: 2)
    let waits = result.integerArray(row: 0, column: 3)
    let decidedAt = result.integer(row: 0, column: 4)
    verdicts.reserveCapacity(operations.count)
    var first = 0
    for (index, operation) in operations.enumerated() {
      let ticketIDs = operation.ticketIDs
      switch outcomes[index] {
      case 1:
        verdicts.append(
          .settled(Self.done(operation, expiry: expiries[index], decidedAt: decidedAt)))
      case 2:
        verdicts.append(.putOff)
      default:
        let members = first..<first + ticketIDs.count
        verdicts.append(
          .settled(.refused(Self.refusal(ticketIDs, reasons[members], waits[members]))))
      }
      first += ticketIDs.count
    }
  }

  private static func done(_ operation: HoldOperation, expiry: Int, decidedAt: Int) -> HoldOutcome {
    guard case .lock = operation else { return .released }
    return .granted(
      HoldGrant(
        expiresAtUnixMicroseconds: Int64(decidedAt + expiry),
        expiresInSeconds: Int64(expiry / 1_000_000)))
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
            availableInSeconds: Int64((wait + 999_999) / 1_000_000)))
      case 3: unavailable.append(UnavailableTicket(ticketID: ticketID, reason: .unknown))
      default: break
      }
    }
    return unavailable
  }
}
