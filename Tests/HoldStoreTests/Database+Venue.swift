import Holds
import Postgres

extension Database {
  /// Puts an event on sale: zones with rows of so many seats each, as `E1-A-2-3`.
  func addVenue(_ event: String = "E1", zones: [String] = ["A"], rows: Int, seats: Int) throws {
    try connection.query(
      """
      INSERT INTO tickets (ticket_id, event_id, zone, seat_row, seat_id)
      SELECT $1 || '-' || z || '-' || r || '-' || s, $1, z, r, s
        FROM unnest($2::text[]) z, generate_series(1, $3::int4) r, generate_series(1, $4::int4) s
       ORDER BY random()
      """,
      [.text(event), .textArray(zones), .int32(Int32(rows)), .int32(Int32(seats))],
      deadline: Self.patience)
  }
}

extension HoldOperation {
  static func best(
    _ quantity: Int, of event: String = "E1", zone: String? = nil, adjacent: Bool = false,
    seconds: Double = 600, as secret: String? = nil
  ) -> HoldOperation {
    .lockBest(
      BestRequest(
        eventID: event, zone: zone, quantity: quantity, mustBeAdjacent: adjacent,
        reservedSeconds: seconds, holdID: secret.map { HoldID($0) }))
  }
}

extension HoldOutcome {
  /// The tickets that the service chose; nil for another outcome.
  var chosen: [String]? { if case .chosen(let ticketIDs, _) = self { ticketIDs } else { nil } }
}
