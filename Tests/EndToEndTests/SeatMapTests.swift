import Foundation
import TestSupport
import Testing
import Threads

extension EndToEnd {
  /// Layout and availability through nginx and its cache.
  @Suite("Seat maps")
  struct SeatMapTests {
    /// No answer is older than this, with some more for the clocks' ticks.
    private static let oldest = 2.1

    private let site: Site
    private let http: HTTPConnection

    init() throws {
      site = try .shared()
      http = site.http()
    }

    @Test func availability() throws {
      let event = try SeatEvent(on: site, seats: 5)
      try event.sell(2)
      try event.hold(4, seconds: 60)
      try event.hold(5, seconds: -1)
      let answer = try http.get(event.availabilityPath)
      let layout = try #require(answer.data["layout"] as? String)
      #expect(
        answer.body == #"{"message":"Availability","status":200,"data":{"valido":true,"event_id":"#
          + #""\#(event.id)","layout":"\#(layout)","free":3,"held":1,"sold":1,"states":"01020"}}"#)
      #expect(answer.status == 200)
      #expect(answer["Content-Type"] == "application/json")
      #expect(answer["Cache-Control"] == "public, max-age=1, stale-while-revalidate=5")
      #expect(answer["Vary"] == "Accept-Encoding")
      #expect(answer["ETag"]?.hasPrefix("\"") == true)
      #expect(layout.utf8.count == 16)
      #expect(answer["X-Accel-Expires"] == nil)
    }

    @Test func layout() throws {
      let event = try SeatEvent(on: site, seats: 2)
      try event.database.run(
        "UPDATE tickets SET zone = NULL, color = 'r\"' WHERE ticket_id = '\(event.ticket(2))'")
      let answer = try http.get(event.layoutPath)
      let layout = try #require(answer.data["layout"] as? String)
      #expect(
        answer.body == #"{"message":"Layout","status":200,"data":{"valido":true,"event_id":"#
          + #""\#(event.id)","layout":"\#(layout)","tickets":["#
          + #"{"ticket_id":"\#(event.ticket(1))","zone":"A","color":"red","seat_row":"0","seat_id":"1"},"#
          + #"{"ticket_id":"\#(event.ticket(2))","zone":null,"color":"r\"","seat_row":"0","seat_id":"2"}"#
          + "]}}")
      #expect(answer["Cache-Control"] == "public, max-age=60, stale-while-revalidate=5")
      #expect(try http.get(event.availabilityPath).data["layout"] as? String == layout)
    }

    @Test func errorsAreNotCached() throws {
      let event = "none-\(UInt32.random(in: 0 ... .max))"
      let missing = try http.get("/tickets_availability?event_id=\(event)")
      #expect(missing.status == 404)
      #expect(
        missing.body == #"{"message":"Event not found","status":404,"data":{"valido":false}}"#)
      #expect(missing["Cache-Control"] == "no-store")
      #expect(missing["ETag"] == nil)
      try site.database().run(
        "INSERT INTO tickets (ticket_id, event_id) VALUES ('\(event)-1', '\(event)')")
      Clock.sleepUndisturbed(Self.oldest)
      #expect(try http.get("/tickets_availability?event_id=\(event)").status == 200)
      try site.database().run("DELETE FROM tickets WHERE event_id = '\(event)'")
      Clock.sleepUndisturbed(Self.oldest)
      #expect(try http.get("/tickets_layout?event_id=\(event)").status == 404)
    }

    @Test func anErrorOfTheDatabaseIsNotCached() throws {
      let event = try SeatEvent(on: site, seats: 1)
      let paths = [event.layoutPath, event.availabilityPath]
      #expect(try http.get("/tickets_availability?event_id=other").status == 404)
      try event.database.run("ALTER TABLE tickets RENAME event_id TO other_id")
      defer { _ = try? site.database().run("ALTER TABLE tickets RENAME other_id TO event_id") }
      for path in paths {
        let answer = try http.get(path)
        #expect(answer.status == 503)
        #expect(answer["Cache-Control"] == "no-store")
      }
      try event.database.run("ALTER TABLE tickets RENAME other_id TO event_id")
      // The service asks again in another second.
      Clock.sleepUndisturbed(1.1)
      for path in paths { #expect(try http.get(path).status == 200) }
    }

    @Test func badQueries() throws {
      for query in ["", "?other=1", "?event_id=a%00b", "?event_id=%zz", "?event_id=%ff"] {
        let answer = try http.get("/tickets_layout" + query)
        #expect(answer.status == 400, "\(query)")
        #expect(answer.body.hasSuffix(#""status":400,"data":{"valido":false}}"#))
        #expect(answer.message.hasPrefix("event_id: expected "))
        #expect(answer["Cache-Control"] == "no-store")
      }
    }

    @Test func onlyGetAndHead() throws {
      let event = try SeatEvent(on: site, seats: 1)
      let posted = try http.post(event.availabilityPath, "{}")
      #expect(posted.status == 405 && posted["Allow"] == "GET, HEAD, OPTIONS")
      let head = try http.exchange(
        "HEAD \(event.layoutPath) HTTP/1.1\r\nHost: localhost\r\n\r\n", hasBody: false)
      #expect(head.status == 200 && head.body.isEmpty && head["ETag"] != nil)
      // What HEAD has put into the cache is whole.
      #expect(try http.get(event.layoutPath).data["tickets"] != nil)
    }

    @Test func entityTags() throws {
      let event = try SeatEvent(on: site, seats: 3)
      for path in [event.availabilityPath, event.layoutPath] {
        for encoding in ["identity", "gzip"] {
          let accept = "Accept-Encoding: \(encoding)"
          let tag = try #require(try http.get(path, headers: [accept])["ETag"])
          for condition in [tag, "W/\(tag)", "\"x\", \(tag)", "*"] {
            let answer = try http.get(path, headers: [accept, "If-None-Match: \(condition)"])
            #expect(answer.status == 304, "\(condition)")
            #expect(answer.body.isEmpty && answer["ETag"] == tag)
            #expect(answer["Cache-Control"]?.hasPrefix("public, max-age=") == true)
          }
          #expect(try http.get(path, headers: [accept, "If-None-Match: \"x\""]).status == 200)
        }
      }
      let tag = try #require(try http.get(event.availabilityPath)["ETag"])
      Clock.sleepUndisturbed(Self.oldest)
      let condition = ["If-None-Match: \(tag)"]
      #expect(try http.get(event.availabilityPath, headers: condition).status == 304)
      try event.sell(1)
      Clock.sleepUndisturbed(Self.oldest)
      #expect(try http.get(event.availabilityPath, headers: condition).status == 200)
    }

    @Test func bothEncodingsHaveTheSameContent() throws {
      let event = try SeatEvent(on: site, seats: 2000)
      for path in [event.availabilityPath, event.layoutPath] {
        let url = "http://127.0.0.1:\(site.httpPort)\(path)"
        let plain = try Command(["curl", "-sS", url])
        let packed = try Command(["curl", "-sS", "--compressed", "-w", "%{size_download}", url])
        #expect(packed.output.hasPrefix(plain.output))
        let sent = Int(packed.output.dropFirst(plain.output.count)) ?? .max
        #expect(sent < plain.output.utf8.count / 4)
        let refused = try http.get(path, headers: ["Accept-Encoding: gzip;q=0, br"])
        #expect(refused["Content-Encoding"] == nil && refused.body == plain.output)
      }
    }

    @Test func requestIDsAreEachRequestsOwn() throws {
      let event = try SeatEvent(on: site, seats: 1)
      let ids = try (0..<5).map { _ in try http.get(event.availabilityPath)["X-Request-Id"] }
      #expect(Set(ids).count == 5 && !ids.contains(nil))
      let own = try http.get(event.availabilityPath, headers: ["X-Request-Id: mine-1"])
      #expect(own["X-Request-Id"] == "mine-1")
    }

    /// Whatever is in caches, and whoever else asks: what was sold, held, released or has expired 2 s
    /// ago shows.
    @Test func changesShowInTwoSeconds() throws {
      let event = try SeatEvent(on: site, seats: 4)
      let isOver = Monitor(false)
      let crowd = Background { [site, path = event.availabilityPath] in
        try inParallel(4) { _ throws -> Void in
          let http = site.http()
          while !isOver.withLock({ $0 }) {
            #expect(try http.get(path).status == 200)
            Clock.sleep(0.01)
          }
        }
      }
      defer { isOver.withLock { $0 = true } }
      #expect(try event.states(http) == "0000")
      try event.sell(1)
      Clock.sleepUndisturbed(Self.oldest)
      #expect(try event.states(http) == "1000")
      #expect(try http.lock([event.ticket(2)]).status == 200)
      Clock.sleepUndisturbed(Self.oldest)
      #expect(try event.states(http) == "1200")
      _ = try http.post("/tickets_unlock_param", #"{"data":{"tickets":["\#(event.ticket(2))"]}}"#)
      try event.hold(3, seconds: 0.5)
      try event.database.run(
        "INSERT INTO tickets (ticket_id, event_id) VALUES ('\(event.ticket(5))', '\(event.id)')")
      let before = try http.get(event.layoutPath).data["layout"] as? String
      Clock.sleepUndisturbed(Self.oldest + 0.5)
      #expect(try event.states(http) == "10000")
      let after = try http.get(event.layoutPath).data
      #expect(after["layout"] as? String != before || (after["tickets"] as? [Any])?.count == 5)
      isOver.withLock { $0 = true }
      try crowd.value()
    }

    /// Nobody has asked for a while: what is in the cache is too old then, also for two at once.
    @Test func anAnswerFromLongAgoIsNotGivenOut() throws {
      let event = try SeatEvent(on: site, seats: 1)
      #expect(try event.states(http) == "0")
      try event.sell(1)
      Clock.sleepUndisturbed(Self.oldest + 1)
      let states = try inParallel(8) { [site, path = event.availabilityPath] _ in
        try site.http().get(path).data["states"] as? String ?? ""
      }
      #expect(states == [String](repeating: "1", count: 8))
    }
  }
}
