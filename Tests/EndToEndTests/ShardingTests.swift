import Foundation
import TestSupport
import Testing

extension EndToEnd {
  /// Tickets on two servers, with PL/Proxy in front: the commands and the settings for it.
  @Suite("Several servers")
  struct ShardingTests {
    private static let rule = "before-last:-"
    private let site: Site

    init() throws { site = try .shared() }

    /// Lends a service in front of two databases; events E1 to E20 are where PL/Proxy looks for them.
    private func withService(
      _ body: (FastCGIPeer, _ servers: [Database], _ front: Database) throws -> Void
    ) throws {
      try site.withEmptyDatabase { front in
        try site.withEmptyDatabase { first in
          try site.withEmptyDatabase { second in
            let database = try site.database(front)
            let place = "host=\(site["PGHOST"]) port=\(site["PGPORT"]) dbname="
            try database.run(
              """
              CREATE EXTENSION plproxy;
              CREATE SERVER holdfast FOREIGN DATA WRAPPER plproxy OPTIONS (
                query_timeout '10', p0 '\(place)\(first)', p1 '\(place)\(second)');
              CREATE USER MAPPING FOR PUBLIC SERVER holdfast OPTIONS (user '\(site["PGUSER"])');
              """)
            let servers = try [first, second].enumerated().map { number, name in
              let made = try site.holdfast("migrate", "--shard-key", Self.rule, database: name)
              #expect(made.output.hasSuffix("create the functions that an engine calls\n"))
              let server = try site.database(name)
              try server.run(
                """
                INSERT INTO tickets (ticket_id, event_id)
                SELECT e || '-' || n, e
                  FROM (SELECT 'E' || n AS e FROM generate_series(1, 20) n) s, generate_series(1, 3) n
                 WHERE hashtext(e) & 1 = \(number)
                """)
              return server
            }
            let made = try site.holdfast("migrate", "--engine", "plproxy", database: front)
            #expect(made.output == "create the functions of PL/Proxy\n")
            let service = try ServiceProcess(
              on: site, database: front,
              settings: ["HOLDFAST_SHARD_KEY": Self.rule, "HOLDFAST_CONFIRM": "true"])
            try service.waitUntilReady()
            try body(try service.peer(), servers, database)
          }
        }
      }
    }

    @Test func theWholeOfItBehindTheSocket() throws {
      try withService { peer, servers, front in
        for event in 1...20 {
          let tickets = ["E\(event)-1", "E\(event)-2"]
          let granted = try peer.lock(tickets)
          #expect(granted.status == 200)
          #expect(granted.data["tickets"] as? [String] == tickets)
          let refused = try peer.lock(["E\(event)-2", "E\(event)-3"])
          #expect(refused.status == 400)
          #expect(refused.data["nodisponible"] as? [String] == ["E\(event)-2"])
          let seats = try peer.request("GET", "/tickets_availability?event_id=E\(event)")
          #expect(seats.data["states"] as? String == "220")
        }
        let counts = try servers.map { try $0.run("SELECT count(*) FROM tickets_blocked")[0][0] }
        #expect(counts.compactMap { $0.flatMap { Int($0) } }.reduce(0, +) == 40)
        #expect(!counts.contains("0"), "both servers have some")
        #expect(try front.run("SELECT to_regclass('tickets_blocked')::text") == [[nil]])
      }
    }

    @Test func aRequestForTicketsOfDifferentKeysIsRefused() throws {
      try withService { peer, servers, _ in
        let told =
          "expected tickets of one key, since different ones are on different servers, got "
        for (path, body, member) in [
          (
            "/tickets_lock", RequestText.lock(["E1-1", "E1-2", "E2-1"], seconds: 60),
            "ticketd_reserved"
          ),
          ("/tickets_unlock_param", RequestText.release(["E1-1", "E2-1"]), "tickets"),
          (
            "/tickets_confirm",
            #"{"data":{"tickets":["E1-1","E2-1"],"order_id":"A-1"}}"#, "tickets"
          ),
        ] {
          let answer = try peer.request("POST", path, body: body)
          #expect(answer.status == 400)
          #expect(answer.message == "data.\(member): \(told)the keys \"E1\" and \"E2\"")
          #expect(answer.data["valido"] as? Bool == false)
          #expect(answer.data["nodisponible"] == nil)
        }
        for server in servers {
          #expect(try server.run("SELECT FROM tickets_blocked").isEmpty)
        }
        // The control: without the setting the same request is granted.
        try site.withMigratedDatabase { name, database in
          try database.run(
            "INSERT INTO tickets (ticket_id) VALUES ('E1-1'), ('E1-2'), ('E2-1')")
          let plain = try ServiceProcess(on: site, database: name)
          try plain.waitUntilReady()
          #expect(try plain.peer().lock(["E1-1", "E1-2", "E2-1"]).status == 200)
        }
      }
    }
  }
}
