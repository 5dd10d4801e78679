public import Holds

/// The rules of holds as the contract tells them, over dictionaries: what a service must agree with, to the
/// microsecond.
public struct HoldModel: Equatable, Sendable {
  /// What a service did and the model does not.
  public struct Difference: Error, CustomStringConvertible {
    /// What differs.
    public let description: String

    /// Describes it.
    public init(_ description: String) { self.description = description }
  }

  static let longestHoldMicroseconds = 7_200_000_000

  /// The tickets of an event of one zone, in the order of their seats, by row.
  public let rows: [[String]]

  /// How many live tickets a cart or a shopper may have; 0 for any number.
  public var limit: Int

  /// Whether each ticket that exists is for sale.
  public var isForSale: [String: Bool]

  /// The holds by ticket, expired ones too.
  public var holds: [String: HoldRow] = [:]

  /// The tickets that were sold under each order.
  var orders: [String: Set<String>] = [:]

  /// All tickets in the order of their seats.
  public var tickets: [String] { rows.flatMap(\.self) }

  /// Creates an event `E1` whose tickets are all free: `E1-A-2-3` is the third seat of the second row.
  public init(rows: Int, seats: Int, limit: Int = 0) {
    self.rows = (1...rows).map { row in (1...seats).map { "E1-A-\(row)-\($0)" } }
    self.limit = limit
    isForSale = Dictionary(uniqueKeysWithValues: self.rows.joined().map { ($0, true) })
  }

  /// Does an operation and tells its outcome.
  ///
  /// - Parameter chosen: What a call for the best available tickets got; nothing if it was refused.
  /// - Throws: Why it must not have got that.
  public mutating func apply(
    _ operation: HoldOperation, now: Int, chosen: [String] = []
  ) throws(Difference) -> HoldOutcome {
    switch operation {
    case .lock(let request): lock(request, now: now)
    case .lockBest(let request): try lockBest(request, now: now, chosen: chosen)
    case .release(let request): release(request)
    case .confirm(let request): confirm(request, now: now)
    }
  }

  /// Deletes what has expired.
  public mutating func sweep(now: Int) { holds = holds.filter { $0.value.until > now } }

  mutating func lock(_ request: LockRequest, now: Int) -> HoldOutcome {
    let unavailable = request.ticketIDs.compactMap { obstacle($0, request.holdID, now: now) }
    guard unavailable.isEmpty else { return .refused(unavailable) }
    if let held = excess(request.ticketIDs, request.holdID, request.shopper, now: now) {
      return .overLimit(limit: limit, held: held)
    }
    let shopper = limit > 0 ? request.shopper?.text : nil
    let wanted = now + Int(request.reservedSeconds * 1_000_000)
    var earliest = Int.max
    for ticketID in request.ticketIDs {
      var row =
        live(ticketID, now: now)
        ?? HoldRow(until: wanted, created: now, holdID: request.holdID?.secret)
      row.until = max(row.until, min(wanted, row.created + Self.longestHoldMicroseconds))
      row.shopper = shopper ?? row.shopper
      row.choice = request.choice?.text ?? row.choice
      holds[ticketID] = row
      earliest = min(earliest, row.until)
    }
    return .granted(
      HoldGrant(
        expiresAtUnixMicroseconds: Int64(earliest),
        expiresInSeconds: Int64((earliest - now) / 1_000_000)))
  }

  /// How many live tickets there are already, if these would make them too many.
  func excess(_ ticketIDs: [String], _ holdID: HoldID?, _ shopper: ShopperID?, now: Int) -> Int? {
    guard limit > 0 else { return nil }
    let live = holds.filter { $0.value.until > now }
    func excess(_ belongs: (HoldRow) -> Bool) -> Int? {
      let held = live.filter { belongs($0.value) }
      let more = ticketIDs.filter { held[$0] == nil }.count
      return more > 0 && held.count + more > limit ? held.count : nil
    }
    let ofCart = holdID.flatMap { holdID in excess { $0.holdID == holdID.secret } }
    let ofShopper = shopper.flatMap { shopper in excess { $0.shopper == shopper.text } }
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

  func obstacle(_ ticketID: String, _ holdID: HoldID?, now: Int) -> UnavailableTicket? {
    guard let isForSale = isForSale[ticketID] else {
      return UnavailableTicket(ticketID: ticketID, reason: .unknown)
    }
    guard isForSale else { return UnavailableTicket(ticketID: ticketID, reason: .sold) }
    guard let held = live(ticketID, now: now) else { return nil }
    if let holdID, held.holdID == holdID.secret { return nil }
    return UnavailableTicket(
      ticketID: ticketID, reason: .held,
      availableInSeconds: Int64((held.until - now + 999_999) / 1_000_000))
  }

  func live(_ ticketID: String, now: Int) -> HoldRow? {
    holds[ticketID].flatMap { $0.until > now ? $0 : nil }
  }

  private mutating func release(_ request: ReleaseRequest) -> HoldOutcome {
    for ticketID in request.ticketIDs {
      guard let held = holds[ticketID] else { continue }
      if held.holdID == nil || held.holdID == request.holdID?.secret { holds[ticketID] = nil }
    }
    return .released
  }
}
