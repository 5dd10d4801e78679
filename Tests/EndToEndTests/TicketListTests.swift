import Foundation
import Testing

extension EndToEnd {
  /// The platform's lists of tickets.
  @Suite("Lists of tickets")
  struct TicketListTests {
    private static let paths = ["/tickets_list_event", "/tickets_list_event_sales"]
    private let site: Site
    private let http: HTTPConnection

    init() throws {
      site = try .shared()
      http = site.http()
    }

    private func body(_ event: String) -> String { #"{"data":{"event_id":"\#(event)"}}"# }

    @Test func aListHasEveryMember() throws {
      let event = "list-\(UInt32.random(in: 0 ... .max))"
      try site.database().run(
        """
        INSERT INTO tickets VALUES
          ('\(event)-b', '\(event)', 'Night "1"', 'A', 'red', '7', 'K', true,
           '2026-01-02 03:04:05+00', '2026-01-02 06:00:00+00', '2025-01-01 00:00:00.5+00',
           '2025-01-01 00:00:00+00'),
          ('\(event)-B', '\(event)', NULL, NULL, NULL, NULL, NULL, true, NULL, NULL,
           '2025-01-01 00:00:00+00', '2025-01-01 00:00:00+00')
        """)
      for path in Self.paths {
        let answer = try http.post(path, body(event))
        #expect(answer.status == 200)
        // In the order of bytes, whatever the database's own is.
        #expect(
          answer.body
            == #"{"message":"Evento Encontrado","status":200,"data":{"valido":true,"response":["#
            + #"{"id":null,"ticket_id":"\#(event)-B","event_id":"\#(event)","event_name":null,"#
            + #""zone":null,"color":null,"seat_id":null,"seat_row":null,"status":true,"#
            + #""date_start":null,"date_end":null,"date_created":"2025-01-01T00:00:00+00:00","#
            + #""date_updated":"2025-01-01T00:00:00+00:00"},"#
            + #"{"id":null,"ticket_id":"\#(event)-b","event_id":"\#(event)","#
            + #""event_name":"Night \"1\"","zone":"A","color":"red","seat_id":"7","seat_row":"K","#
            + #""status":true,"date_start":"2026-01-02T03:04:05+00:00","#
            + #""date_end":"2026-01-02T06:00:00+00:00","date_created":"2025-01-01T00:00:00.5+00:00","#
            + #""date_updated":"2025-01-01T00:00:00+00:00"}]}}"#)
        #expect(answer["Content-Type"] == "application/json")
        #expect(answer["Cache-Control"] == "no-store")
      }
    }

    @Test func aHeldTicketIsNotForSale() throws {
      let event = try SeatEvent(on: site, seats: 4)
      try event.sell(1)
      try event.hold(2, seconds: 60)
      try event.hold(3, seconds: -1)
      func statuses(_ path: String) throws -> [Bool] {
        let tickets = try http.post(path, body(event.id)).data["response"] as? [[String: Any]]
        return (tickets ?? []).compactMap { $0["status"] as? Bool }
      }
      #expect(try statuses(Self.paths[0]) == [false, true, true, true])
      #expect(try statuses(Self.paths[1]) == [false, false, true, true])
    }

    @Test func unknownEventsAndBadInputAreRefused() throws {
      for path in Self.paths {
        let unknown = try http.post(path, body("nobody's"))
        #expect(
          unknown.body
            == #"{"message":"Evento no Encontrado","status":400,"data":{"valido":false}}"#)
        for (sent, got) in [
          (#"{"data":{}}"#, "nothing"), (#"{"data":{"event_id":7}}"#, "7"),
          (#"{"data":{"event_id":""}}"#, "\\\"\\\""), (#"{"data":{"event_id":null}}"#, "null"),
        ] {
          let answer = try http.post(path, sent)
          #expect(
            answer.body
              == #"{"message":"data.event_id: expected a string of 1 to 256 bytes, got \#(got)","#
              + #""status":400,"data":{"valido":false}}"#)
        }
        let get = try http.get(path)
        #expect(get.status == 405 && get["Allow"] == "POST, OPTIONS")
      }
    }

    /// It is in memory once, whoever reads it and how slowly.
    @Test func anEventOfAHundredThousandTickets() throws {
      let event = try SeatEvent(on: site, seats: 100_000)
      defer {
        _ = try? event.database.run("DELETE FROM tickets WHERE event_id = '\(event.id)'")
      }
      let before = try peakMemory()
      let start = try residentMemory()
      let answer = try http.post(Self.paths[1], body(event.id))
      #expect(answer.status == 200)
      let length = answer.body.utf8.count
      #expect(length > 20_000_000)
      #expect((answer.data["response"] as? [Any])?.count == 100_000)
      // A sanitizer keeps what was freed: then the memory tells nothing.
      if TestSettings.isSanitized { return }
      let grown = try peakMemory() - max(before, start)
      #expect(grown < length * 3 / 2, "\(grown) bytes for an answer of \(length)")
    }

    private func peakMemory() throws -> Int { try memory("VmHWM") }

    private func residentMemory() throws -> Int { try memory("VmRSS") }

    private func memory(_ name: String) throws -> Int {
      let text = try String(
        contentsOfFile: "/proc/\(site.holdfastID)/status", encoding: .utf8)
      let line = text.split(separator: "\n").first { $0.hasPrefix("\(name):") } ?? ""
      return (line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) } ?? 0)
        * 1024
    }
  }
}
