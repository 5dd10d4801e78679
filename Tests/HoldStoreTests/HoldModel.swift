import Holds

@testable import HoldStore

/// The rules of holds over two dictionaries: what `holdfast_commit` must agree with, to the microsecond.
struct HoldModel {
  static let longestHoldMicroseconds = 7_200_000_000

  /// Whether each ticket that exists is for sale.
  var isForSale: [String: Bool]
  var holds: [String: HoldRow] = [:]

  /// The tickets that were sold under each order.
  var orders: [String: Set<String>] = [:]

  init(tickets: [String]) {
    isForSale = Dictionary(uniqueKeysWithValues: tickets.map { ($0, true) })
  }

  /// - Parameter limit: How many live tickets a cart or a shopper may have; 0 for any number.
  mutating func apply(_ operation: HoldOperation, now: Int, limit: Int = 0) -> HoldOutcome {
    switch operation {
    case .lock(let request): lock(request, now: now, limit: limit)
    case .release(let request): release(request)
    case .confirm(let request): confirm(request, now: now)
    case .lockBest: preconditionFailure("not in the model")
    }
  }

  private mutating func lock(_ request: LockRequest, now: Int, limit: Int) -> HoldOutcome {
    let unavailable = request.ticketIDs.compactMap { obstacle($0, request.holdID, now: now) }
    guard unavailable.isEmpty else { return .refused(unavailable) }
    let shopper = limit > 0 ? request.shopper?.text : nil
    if limit > 0, let held = excess(request, shopper, now: now, limit: limit) {
      return .overLimit(limit: limit, held: held)
    }
    let wanted = now + Int(request.reservedSeconds * 1_000_000)
    var earliest = Int.max
    for ticketID in request.ticketIDs {
      let row: HoldRow
      if var held = holds[ticketID], held.until > now {
        held.until = max(held.until, min(wanted, held.created + Self.longestHoldMicroseconds))
        held.shopper = shopper ?? held.shopper
        row = held
      } else {
        row = HoldRow(
          until: wanted, created: now, holdID: request.holdID?.secret, shopper: shopper)
      }
      holds[ticketID] = row
      earliest = min(earliest, row.until)
    }
    return .granted(
      HoldGrant(
        expiresAtUnixMicroseconds: Int64(earliest),
        expiresInSeconds: Int64((earliest - now) / 1_000_000)))
  }

  /// How many live tickets there are already, if a lock would make them too many.
  private func excess(
    _ request: LockRequest, _ shopper: String?, now: Int, limit: Int
  ) -> Int? {
    let live = holds.filter { $0.value.until > now }
    func excess(_ belongs: (HoldRow) -> Bool) -> Int? {
      let held = live.filter { belongs($0.value) }
      let more = request.ticketIDs.filter { held[$0] == nil }.count
      return more > 0 && held.count + more > limit ? held.count : nil
    }
    let ofCart = request.holdID.flatMap { holdID in excess { $0.holdID == holdID.secret } }
    let ofShopper = shopper.flatMap { shopper in excess { $0.shopper == shopper } }
    return [ofCart, ofShopper].compactMap { $0 }.max()
  }

  private mutating func confirm(_ request: ConfirmRequest, now: Int) -> HoldOutcome {
    let tickets = Set(request.ticketIDs)
    if let sold = orders[request.orderID] { return sold == tickets ? .sold : .orderMismatch }
    let unavailable: [UnavailableTicket] = request.ticketIDs.compactMap { ticketID in
      guard let found = obstacle(ticketID, request.holdID, now: now) else { return nil }
      // Unlike a lock, a confirm without a cart takes a hold without one.
      let isNobodys = found.reason == .held && holds[ticketID]?.holdID == nil
      return isNobodys && request.holdID == nil ? nil : found
    }
    guard unavailable.isEmpty else { return .refused(unavailable) }
    orders[request.orderID] = tickets
    for ticketID in tickets {
      isForSale[ticketID] = false
      holds[ticketID] = nil
    }
    return .sold
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
