import Foundation
import Testing

extension EndToEnd {
  /// What an operator asks of the database when a customer says that the seat is stuck.
  @Suite("Operator's tools")
  struct OperatorTests {
    private let site: Site
    private let prefix = "OP\(UInt32.random(in: 0 ... .max))-"

    init() throws {
      site = try .shared()
      try site.addTickets(prefix, count: 6)
    }

    private func objects(_ output: String) throws -> [[String: Any]] {
      try output.split(separator: "\n").map { line in
        try #require(
          try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any], "\(line)")
      }
    }

    @Test func holdsListsWhoIsInTheWay() throws {
      let peer = site.http()
      let cart = "an-operators-test-\(prefix)cart"
      #expect(try peer.lock([prefix + "1"], seconds: 600, holdID: cart).status == 200)
      #expect(try peer.lock([prefix + "2"], seconds: 900).status == 200)
      let table = try site.holdfast("holds", "--ticket", prefix + "1")
      #expect(table.exitCode == 0)
      let lines = table.output.split(separator: "\n")
      #expect(lines.count == 2 && lines.allSatisfy { $0.count <= 80 }, "\(table.output)")
      #expect(lines[0].hasPrefix("TICKET") && lines[1].hasPrefix(prefix + "1"))
      #expect(!table.output.contains(cart))

      let owned = try objects(try site.holdfast("holds", "--ticket", prefix + "1", "--json").output)
      #expect(owned.count == 1)
      #expect(owned[0]["state"] as? String == "live")
      #expect((owned[0]["cart"] as? String)?.wholeMatch(of: #/[0-9a-f]{16}/#) != nil)
      #expect((owned[0]["expires_in"] as? Int ?? 0) > 0)
      let anonymous = try objects(
        try site.holdfast("holds", "--ticket", prefix + "2", "--json").output)
      #expect(anonymous.count == 1 && anonymous[0]["cart"] == nil)
      let bounded = try site.holdfast("holds", "--limit", "1", "--json")
      #expect(bounded.output.contains("there are more than 1"))
    }

    @Test func holdsOfAnEvent() throws {
      try site.withMigratedDatabase { name, database in
        try database.run(
          """
          INSERT INTO tickets (ticket_id, event_id) VALUES ('a', 'E1'), ('b', 'E2');
          INSERT INTO tickets_blocked (ticket_id, locked_up)
          VALUES ('a', now() + interval '9 min'), (E'b\\u001b[2J', now() + interval '8 min')
          """)
        let event = try site.holdfast("holds", "--event", "E1", "--json", database: name)
        #expect(try objects(event.output).map { $0["ticket_id"] as? String } == ["a"])
        // What has expired holds nothing, and is shown when it is asked for.
        try database.run("INSERT INTO tickets_blocked VALUES ('c', now() - interval '90 s')")
        #expect(
          try site.holdfast("holds", "--ticket", "c", database: name).output == "no live holds\n")
        let expired = try site.holdfast(
          "holds", "--ticket", "c", "--expired", "--json", database: name)
        #expect(try objects(expired.output).map { $0["state"] as? String } == ["expired"])
        // A terminal must not obey what an adopted table contains.
        let all = try site.holdfast("holds", database: name)
        #expect(all.output.contains("b\u{FFFD}[2J") && !all.output.contains("\u{1B}"))
        // An adopted table may have no events.
        try database.run("ALTER TABLE tickets DROP COLUMN event_id")
        #expect(try site.holdfast("holds", database: name).exitCode == 0)
        let missing = try site.holdfast("holds", "--event", "E1", database: name)
        #expect(missing.exitCode == 1)
        #expect(missing.output.contains("tickets.event_id: there is no such column"))
      }
    }

    @Test func aDatabaseThatWasNeverMigratedIsNamed() throws {
      try site.withEmptyDatabase { name in
        for arguments in [
          ["holds"], ["history", "--ticket", "a"], ["release", "--ticket", "a", "--reason", "x"],
          ["sweep"],
        ] {
          let command = try Command(
            [TestSettings.binary] + arguments, environment: site.databaseEnvironment(name))
          #expect(command.exitCode == 1)
          #expect(command.output.contains("has `holdfast migrate` been run here?"))
        }
        #expect(try site.holdfast("doctor", database: name).exitCode == 1)
        let doctor = try site.holdfast("doctor", "--json", database: name)
        let problems = try objects(doctor.output).filter { $0["level"] as? String == "problem" }
        #expect(
          problems.contains {
            ($0["message"] as? String ?? "").hasSuffix("would create table tickets_blocked")
              && $0["advice"] as? String == "run `holdfast migrate`"
          }, "\(doctor.output)")
      }
    }

    /// Two spellings that Swift takes for the same are two tickets.
    @Test func ticketsAreToldApartByTheirBytes() throws {
      let tickets = ["\u{E9}", "e\u{301}"].map { prefix + $0 }
      try site.database().run(
        """
        INSERT INTO tickets_blocked (ticket_id, locked_up)
        VALUES ('\(tickets[0])', now() + interval '9 min'), ('\(tickets[1])', now() - interval '1 s')
        """)
      let release = try site.holdfast(
        "release", "--ticket", tickets[1], "--ticket", tickets[0], "--reason", "x", "--json")
      #expect(try objects(release.output).map { $0["released"] as? Bool } == [false, true])
    }

    @Test func aReleaseIsNotedWithItsReason() throws {
      let peer = site.http()
      let ticket = prefix + "4"
      #expect(try peer.lock([ticket], holdID: "an-operators-test-\(prefix)4").status == 200)
      #expect(try site.holdfast("release", "--ticket", ticket).exitCode == 2)
      #expect(try site.holdfast("release", "--ticket", ticket, "--reason", " ").exitCode == 2)
      #expect(try peer.lock([ticket]).status == 400)
      let release = try site.holdfast(
        "release", "--ticket", ticket, "--ticket", prefix + "5", "--reason", " case  4711 ")
      #expect(release.exitCode == 0)
      #expect(release.output.contains("\(ticket): released; it was held by cart "))
      #expect(release.output.contains("\(prefix)5: was not held"))
      #expect(try peer.lock([ticket]).status == 200)
      let events = try objects(try site.holdfast("history", "--ticket", ticket, "--json").output)
      #expect(
        events.map { $0["event"] as? String } == ["held", "released_by_operator", "held"],
        "\(events)")
      let note = events[1]["note"] as? String ?? ""
      #expect(note.hasPrefix("case 4711 (") && note.contains(" as \(site["PGUSER"]))"), "\(note)")
      #expect(events[1]["cart"] as? String == events[0]["cart"] as? String)
      let nothing = try site.holdfast(
        "release", "--ticket", prefix + "5", "--reason", "x", "--json")
      #expect(nothing.exitCode == 1)
      #expect(try objects(nothing.output).map { $0["released"] as? Bool } == [false])
    }

    @Test func historyTellsWhoHadTheSeat() throws {
      let peer = site.http()
      let ticket = prefix + "6"
      let cart = "an-operators-test-\(prefix)6"
      #expect(try peer.lock([ticket], seconds: 60, holdID: cart).status == 200)
      #expect(try peer.lock([ticket], seconds: 600, holdID: cart).status == 200)
      #expect(try peer.lock([ticket]).status == 400)
      let momentHeld = try site.database().value(
        "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')")
      #expect(try peer.release([ticket], holdID: cart).status == 200)
      let events = try objects(try site.holdfast("history", "--ticket", ticket, "--json").output)
      // The refusal changed nothing, and left nothing.
      #expect(events.map { $0["event"] as? String } == ["held", "renewed", "released"])
      #expect(Set(events.compactMap { $0["cart"] as? String }).count == 1)
      #expect(Set(events.compactMap { $0["request_id"] as? String }).count == 3)
      let table = try site.holdfast("history", "--ticket", ticket)
      #expect(table.output.hasPrefix("TIME") && !table.output.contains(cart))
      // By the cart, what is found in one command is found in the others.
      #expect(table.output.contains(events[0]["cart"] as? String ?? "no cart"))

      let then = try objects(
        try site.holdfast("history", "--ticket", ticket, "--at", momentHeld, "--json").output)
      #expect(then.map { $0["state"] as? String } == ["held"])
      let sentence = try site.holdfast("history", "--ticket", ticket, "--at", momentHeld)
      #expect(sentence.output.contains("\(ticket): held by cart "), "\(sentence.output)")
      let now = try site.holdfast("history", "--ticket", ticket, "--at", "now", "--json")
      #expect(try objects(now.output).map { $0["state"] as? String } == ["free"])
      // Times in whole seconds, as the table shows them, include what happened within their second.
      let second = (events.last?["at"] as? String ?? "").prefix("2026-11-25T20:03:07".count)
      for time in [second + "Z", second.suffix("20:03:07".count)] {
        let asShown = try site.holdfast("history", "--ticket", ticket, "--at", String(time), "--json")
        #expect(try objects(asShown.output).map { $0["state"] as? String } == ["free"], "\(time)")
      }
      let wrong = try site.holdfast("history", "--ticket", ticket, "--at", "teatime")
      #expect(wrong.exitCode == 2)
      #expect(wrong.output.contains("--at: expected a time"))
      let unknown = try site.holdfast("history", "--ticket", prefix + "none")
      #expect(unknown.exitCode == 0 && unknown.output.hasPrefix("nothing about "))
    }
  }
}
