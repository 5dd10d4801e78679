import Holds

/// The body of `tickets_lock`: types are right, bounds not yet checked.
struct LockBody: RequestBody {
  static let example = #"{"data":{"ticketd_reserved":["…"],"reserved_time":600}}"#

  private let ticketIDs: [String]
  private let reservedTime: Double
  private let holdID: HoldID?
  private let details: Bool?

  init(from decoder: any Decoder) throws {
    let data = try decoder.container(keyedBy: Member.self)
      .nestedContainer(keyedBy: Member.self, forKey: .data)
    ticketIDs = try data.decode([String].self, forKey: .ticketdReserved)
    reservedTime = try data.decode(Double.self, forKey: .reservedTime)
    holdID = try data.decodeIfPresent(String.self, forKey: .holdID).map { HoldID($0) }
    details = try data.decodeIfPresent(Bool.self, forKey: .details)
  }

  init?(_ ordinary: OrdinaryBody) {
    guard let ticketIDs = ordinary.ticketdReserved, let reservedTime = ordinary.reservedTime else {
      return nil
    }
    self.ticketIDs = ticketIDs
    self.reservedTime = reservedTime
    holdID = ordinary.holdID
    details = ordinary.details
  }

  /// Whether a refusal is to say why.
  var wantsDetails: Bool { details ?? false }

  /// Checks the bounds.
  func makeRequest(bounds: APIBounds) throws(BadRequest) -> LockRequest {
    LockRequest(
      ticketIDs: try bounds.checkedTickets(ticketIDs, of: .ticketdReserved),
      reservedSeconds: try bounds.checkedReservedTime(reservedTime),
      holdID: try bounds.checkedHoldID(holdID))
  }

  static func mistake(in findings: BodyFindings, bounds: APIBounds) -> BadRequest? {
    findings.mistakeInTickets(.ticketdReserved, bounds: bounds)
      ?? findings.mistakeInReservedTime(bounds: bounds)
      ?? findings.mistakeInHoldID(bounds: bounds)
      ?? findings.mistakeInDetails()
  }
}
