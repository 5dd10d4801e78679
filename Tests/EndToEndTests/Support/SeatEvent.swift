import Foundation

/// An event of a test's own, with its seats.
struct SeatEvent {
  let site: Site
  let id = "map-\(UInt32.random(in: 0 ... .max))"
  let database: Database

  /// Puts seats on sale, `ID-001` and so on, in rows of ten.
  init(on site: Site, seats: Int, database: Database? = nil) throws {
    self.site = site
    self.database = try database ?? site.database()
    try self.database.run(
      """
      INSERT INTO tickets (ticket_id, event_id, event_name, zone, color, seat_id, seat_row)
      SELECT '\(id)-' || lpad(n::text, greatest(3, length(n::text)), '0'), '\(id)', 'Night', 'A', 'red', (n % 10)::text,
             (n / 10)::text
        FROM generate_series(1, \(seats)) n
      """)
  }

  func ticket(_ number: Int) -> String {
    let digits = String(number)
    return "\(id)-" + String(repeating: "0", count: max(0, 3 - digits.count)) + digits
  }

  var availabilityPath: String { "/tickets_availability?event_id=\(id)" }
  var layoutPath: String { "/tickets_layout?event_id=\(id)" }

  func states(_ http: HTTPConnection) throws -> String {
    try http.get(availabilityPath).data["states"] as? String ?? ""
  }

  func sell(_ number: Int) throws {
    try database.run("UPDATE tickets SET status = false WHERE ticket_id = '\(ticket(number))'")
  }

  func hold(_ number: Int, seconds: Double) throws {
    try database.run(
      """
      INSERT INTO tickets_blocked (ticket_id, locked_up)
      VALUES ('\(ticket(number))', clock_timestamp() + interval '\(seconds) s')
      """)
  }
}
