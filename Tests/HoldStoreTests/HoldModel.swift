import Holds

@testable import HoldStore

/// The rules of holds over two dictionaries: what `holdfast_commit` must agree with, to the microsecond.
struct HoldModel {
  static let longestHoldMicroseconds = 7_200_000_000

  /// Whether each ticket that exists is for sale.
  var isForSale: [String: Bool]
  var holds: [String: HoldRow] = [:]

  init(tickets: [String]) {
    isForSale = Dictionary(uniqueKeysWithValues: tickets.map { ($0, true) })
  }

  mutating func apply(_ operation: HoldOperation, now: Int) -> HoldOutcome {
    switch operation {
    case .lock(let request): lock(request, now: now)
    case .release(let request): release(request)
    case .lockBest, .confirm: preconditionFailure("not in the model")
    }
  }

  private mutating func lock(_ request: LockRequest, now: Int) -> HoldOutcome {
    let unavailable = request.ticketIDs.compactMap { obstacle($0, request.holdID, now: now) }
    guard unavailable.isEmpty else { return .refused(unavailable) }
    let wanted = now + Int(request.reservedSeconds * 1_000_000)
    var earliest = Int.max
    for ticketID in request.ticketIDs {
      let row: HoldRow
      if var held = holds[ticketID], held.until > now {
        held.until = max(held.until, min(wanted, held.created + Self.longestHoldMicroseconds))
        row = held
      } else {
        row = HoldRow(until: wanted, created: now, holdID: request.holdID?.secret)
      }
      holds[ticketID] = row
      earliest = min(earliest, row.until)
    }
    return .granted(
      HoldGrant(
        expiresAtUnixMicroseconds: Int64(earliest),
        expiresInSeconds: Int64((earliest - now) / 1_000_000)))
  }

  private func obstacle(_ ticketID: String, _ holdID: HoldID?, now: Int) -> UnavailableTicket? {
    guard let isForSale = isForSale[ticketID] else {
      return UnavailableTicket(ticketID: ticketID, reason: .unknown)
    }
    guard isForSale else { return UnavailableTicket(ticketID: ticketID, reason: .sold) }
    guard let held = holds[ticketID], held.until > now else { return nil }
    if let holdID, held.holdID == holdID.secret { return nil }
    return UnavailableTicket(
      ticketID: ticketID, reason: .held,
      availableInSeconds: Int64((held.until - now + 999_999) / 1_000_000))
  }

  private mutating func release(_ request: ReleaseRequest) -> HoldOutcome {
    for ticketID in request.ticketIDs {
      guard let held = holds[ticketID] else { continue }
      if held.holdID == nil || held.holdID == request.holdID?.secret { holds[ticketID] = nil }
    }
    return .released
  }
}
