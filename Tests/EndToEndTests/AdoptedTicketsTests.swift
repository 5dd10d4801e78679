import Foundation
import TestSupport
import Testing

extension EndToEnd {
  /// Seat maps and lists over tables that others have made.
  @Suite("Adopted tables of tickets")
  struct AdoptedTicketsTests {
    private let site: Site

    init() throws { site = try .shared() }

    /// Lends a service over a table that was made by this.
    private func withTickets(
      _ table: String, _ body: (FastCGIPeer, Database) throws -> Void
    ) throws {
      try site.withEmptyDatabase { name in
        let database = try site.database(name)
        try database.run(table)
        #expect(try site.holdfast("migrate", database: name).exitCode == 0)
        let service = try ServiceProcess(on: site, database: name)
        try service.waitUntilReady()
        try body(try service.peer(), database)
      }
    }

    private func list(_ peer: FastCGIPeer, _ event: String) throws -> HTTPResponse {
      try peer.request(
        "POST", "/tickets_list_event_sales", body: #"{"data":{"event_id":"\#(event)"}}"#)
    }

    private func availability(_ peer: FastCGIPeer, _ event: String) throws -> HTTPResponse {
      try peer.request("GET", "/tickets_availability?event_id=\(event)")
    }

    @Test func threeColumnsAreEnough() throws {
      try withTickets(
        """
        CREATE TABLE tickets (ticket_id varchar(40) PRIMARY KEY, status boolean, event_id varchar(9));
        INSERT INTO tickets VALUES ('a', true, 'E'), ('b', NULL, 'E'), ('c', true, 'F');
        """
      ) { (peer, _) throws -> Void in
        #expect(
          try list(peer, "E").body.contains(
            #"{"id":null,"ticket_id":"b","event_id":"E","event_name":null,"zone":null,"color":null,"#
              + #""seat_id":null,"seat_row":null,"status":false,"date_start":null,"date_end":null,"#
              + #""date_created":null,"date_updated":null}]"#))
        #expect(try availability(peer, "E").data["states"] as? String == "01")
        #expect(
          try peer.request("GET", "/tickets_layout?event_id=E").body.contains(
            #"[{"ticket_id":"a","zone":null,"color":null,"seat_row":null,"seat_id":null},"#))
        #expect(try availability(peer, "longer than nine").status == 404)
      }
    }

    @Test func withoutEventsOnlyListsAndSeatMapsFail() throws {
      try withTickets(
        """
        CREATE TABLE tickets (ticket_id text PRIMARY KEY, status boolean);
        INSERT INTO tickets VALUES ('a', true), ('b', true);
        """
      ) { (peer, database) throws -> Void in
        let answers = [
          try list(peer, "E"), try availability(peer, "E"),
          try peer.request("GET", "/tickets_layout?event_id=E"),
        ]
        for answer in answers {
          #expect(answer.status == 503)
          #expect(
            answer.message == "Column tickets.event_id missing: lists and seat maps need it; "
              + "nothing was changed")
          #expect(answer["Retry-After"] == "1")
        }
        #expect(try peer.lock(["a"]).status == 200)
        #expect(try peer.request("GET", "/readyz").status == 200)
        // It is noticed when the column is there.
        try database.run("ALTER TABLE tickets ADD COLUMN event_id text DEFAULT 'E'")
        Clock.sleep(1.1)
        #expect(try availability(peer, "E").data["states"] as? String == "20")
        #expect(try list(peer, "E").status == 200)
      }
    }

    @Test func addedAndDroppedColumnsAreNoticed() throws {
      try withTickets(
        """
        CREATE TABLE tickets (ticket_id text PRIMARY KEY, status boolean, event_id text, zone text);
        INSERT INTO tickets VALUES ('a', true, 'E', 'A'), ('b', true, 'E', 'B');
        """
      ) { (peer, database) throws -> Void in
        func layout() throws -> String {
          Clock.sleep(1.1)
          return try peer.request("GET", "/tickets_layout?event_id=E").body
        }
        #expect(try layout().contains(#""zone":"A","color":null"#))
        try database.run("ALTER TABLE tickets ADD COLUMN color text DEFAULT 'red'")
        _ = try availability(peer, "E")
        Clock.sleep(1.1)
        _ = try availability(peer, "E")
        #expect(try layout().contains(#""zone":"A","color":"red""#))
        try database.run("ALTER TABLE tickets DROP COLUMN zone")
        #expect(try layout().contains(#""zone":null,"color":"red""#))
        try database.run(
          """
          ALTER TABLE tickets ADD COLUMN status_offline boolean;
          UPDATE tickets SET status_offline = true WHERE ticket_id = 'b';
          """)
        for _ in 0..<2 { _ = try layout() }
        #expect(try availability(peer, "E").data["states"] as? String == "01")
        #expect(try list(peer, "E").body.contains(#""ticket_id":"b","event_id":"E","#))
        try database.run("ALTER TABLE tickets DROP COLUMN color")
        Clock.sleep(1.1)
        #expect(try availability(peer, "E").data["states"] as? String == "01")
      }
    }

    @Test(arguments: [
      ("int", "7", ["07", "+7", "7x", "x", "99999999999999999999", "é", "7 "]),
      ("bigint", "7000000000", ["7e9", "1"]),
      (
        "uuid", "9f3c0000-0000-4000-8000-00000000000a",
        ["9F3C0000-0000-4000-8000-00000000000A", "x"]
      ),
      ("char(3)", "abc", ["ab"]), ("numeric", "1.50", ["1.5", "x"]), ("text", "a b&=é", ["a"]),
    ])
    func typesOfEvents(type: String, event: String, others: [String]) throws {
      try withTickets(
        """
        CREATE TABLE tickets (ticket_id text PRIMARY KEY, status boolean, event_id \(type));
        INSERT INTO tickets VALUES ('a', true, '\(event)'), ('b', true, NULL);
        """
      ) { (peer, _) throws -> Void in
        func encoded(_ text: String) -> String {
          text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
        }
        #expect(try availability(peer, encoded(event)).data["event_id"] as? String == event)
        #expect(try list(peer, event).body.contains(#""event_id":"\#(event)""#))
        for other in others {
          #expect(try availability(peer, encoded(other)).status == 404, "\(other)")
          #expect(try list(peer, other).status == 400, "\(other)")
        }
      }
    }
  }
}
