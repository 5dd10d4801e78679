extension Site {
  /// Adds an event with zones of so many rows and seats each; its tickets are `event-zone-row-seat`.
  func addVenue(_ event: String, zones: [String] = ["A"], rows: Int, seats: Int) throws {
    let names = zones.map(Database.literal).joined(separator: ",")
    try database().run(
      """
      INSERT INTO tickets (ticket_id, event_id, zone, seat_row, seat_id)
      SELECT concat_ws('-', \(Database.literal(event)), z, r, s), \(Database.literal(event)), z, r, s
        FROM unnest(ARRAY[\(names)]) z, generate_series(1, \(rows)) r, generate_series(1, \(seats)) s
       ORDER BY random()
      """)
  }
}

extension HTTPConnection {
  /// `POST /tickets_lock_best`.
  func lockBest(
    _ quantity: Int, of event: String, zone: String? = nil, isAdjacent: Bool = false,
    seconds: Double = 600, holdID: String? = nil
  ) throws -> HTTPResponse {
    try post(
      "/tickets_lock_best",
      RequestText.best(
        quantity, of: event, zone: zone, isAdjacent: isAdjacent, seconds: seconds, holdID: holdID))
  }
}

extension HTTPResponse {
  /// The tickets of a grant.
  var tickets: [String] { data["tickets"] as? [String] ?? [] }
}

extension RequestText {
  static func best(
    _ quantity: Int, of event: String, zone: String? = nil, isAdjacent: Bool = false,
    seconds: Double = 600, holdID: String? = nil
  ) -> String {
    var members = "\"event_id\":\(string(event)),\"quantity\":\(quantity)"
    if let zone { members += ",\"zone\":\(string(zone))" }
    if isAdjacent { members += ",\"adjacent\":true" }
    if let holdID { members += ",\"hold_id\":\"\(holdID)\"" }
    return "{\"data\":{\(members),\"reserved_time\":\(seconds)}}"
  }
}
