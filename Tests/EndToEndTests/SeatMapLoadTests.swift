import Foundation
import TestSupport
import Testing
import Threads

extension EndToEnd {
  /// What PostgreSQL sees of crowds and floods; counted in its log, on databases of the tests' own.
  @Suite("Seat maps for crowds")
  struct SeatMapLoadTests {
    private static let readMark = "string_agg(s.state"
    private static let lookMark = "unnest($1::text[]) AS u (event_id)"
    private static let listMark = "AS date_updated"

    private let site: Site

    init() throws { site = try .shared() }

    /// Lends a service on an empty database whose statements are logged.
    private func withService(
      _ settings: [String: String] = [:],
      _ body: (ServiceProcess, Database) throws -> Void
    ) throws {
      try site.withMigratedDatabase { name, database in
        try database.run("ALTER DATABASE \(name) SET log_statement = 'all'")
        let service = try ServiceProcess(on: site, database: name, settings: settings)
        try service.waitUntilReady()
        try body(service, database)
      }
    }

    /// How many statements with that text have been logged since the beginning of the run.
    private func count(_ mark: String) throws -> Int {
      try site.log("postgres").components(separatedBy: mark).count - 1
    }

    /// Eight ask at once, again and again; tells how often.
    private func crowd(
      _ service: ServiceProcess, seconds: Double,
      _ ask: @escaping @Sendable (FastCGIPeer) throws -> Void
    ) throws -> Int {
      let end = Date().addingTimeInterval(seconds)
      return try inParallel(8) { [path = service.socketPath] _ in
        let peer = try FastCGIPeer(path: path)
        var asked = 0
        while Date() < end {
          try ask(peer)
          asked += 1
        }
        return asked
      }.reduce(0, +)
    }

    @Test func atMostOneReadASecond() throws {
      try withService { (service, database) throws -> Void in
        let event = try SeatEvent(on: site, seats: 100, database: database)
        let paths = [event.availabilityPath, event.layoutPath]
        let (before, start) = (try count(Self.readMark), Date())
        let asked = try crowd(service, seconds: 3.2) { peer throws -> Void in
          for path in paths {
            let answer = try peer.request("GET", path)
            #expect(answer.status == 200)
          }
        }
        let reads = try count(Self.readMark) - before
        // In each of the seconds that it touched; the first one is the layout's, which counts apart.
        let seconds =
          Int(Date().timeIntervalSince1970) - Int(start.timeIntervalSince1970) + 1
        #expect((2...seconds).contains(reads), "\(reads) reads in \(seconds) seconds")
        #expect(asked > 10 * seconds)
        // Nobody asks, nothing is read.
        let after = try count(Self.readMark)
        Clock.sleep(2)
        #expect(try count(Self.readMark) == after)
      }
    }

    /// Four clients ask nginx, a hundred times each.
    ///
    /// - Returns: How many of their requests have reached the service, and in how many seconds of the clock.
    private func requestsThatReachTheService(
      _ endpoint: String, _ ask: @escaping @Sendable (HTTPConnection) throws -> Int
    ) throws -> (requests: Int, seconds: Int) {
      func count() throws -> Int {
        let metrics = try MetricsSample(site)
        let name = "holdfast_requests_total{endpoint=\"\(endpoint)\""
        return Int(metrics.series.filter { $0.hasPrefix(name) }.reduce(0) { $0 + metrics[$1] })
      }
      let (before, start) = (try count(), Date())
      try inParallel(4) { [site] _ throws -> Void in
        let http = site.http()
        for _ in 0..<100 {
          let status = try ask(http)
          #expect(status == 200)
        }
      }
      let seconds = Int(Date().timeIntervalSince1970) - Int(start.timeIntervalSince1970) + 1
      return (try count() - before, seconds)
    }

    @Test func nginxAsksForAllOfThemOnceASecond() throws {
      let event = try SeatEvent(on: site, seats: 100)
      let (requests, seconds) = try requestsThatReachTheService("/tickets_availability") {
        [path = event.availabilityPath] in try $0.get(path).status
      }
      // A request may be under way when a second begins.
      #expect((1...2 * seconds).contains(requests), "\(requests) in \(seconds) seconds")
    }

    /// The negative control: nginx keeps no list.
    @Test func whatIsNotCachedReachesTheServiceForEachWhoAsks() throws {
      let event = try SeatEvent(on: site, seats: 1)
      let body = #"{"data":{"event_id":"\#(event.id)"}}"#
      let (requests, seconds) = try requestsThatReachTheService("/tickets_list_event") {
        // One that is refused because others are still being sent has reached it, too.
        let status = try $0.post("/tickets_list_event", body).status
        return status == 503 ? 200 : status
      }
      #expect(requests >= 400 && requests > 2 * seconds)
    }

    /// The negative control: lists share nothing, and each is seen.
    @Test func whatIsNotSharedIsReadForEachWhoAsks() throws {
      try withService(["HOLDFAST_LISTS": "100"]) { (service, database) throws -> Void in
        let event = try SeatEvent(on: site, seats: 100, database: database)
        let (before, start) = (try count(Self.listMark), Date())
        let asked = try crowd(service, seconds: 2) { [id = event.id] peer in
          let answer = try peer.request(
            "POST", "/tickets_list_event", body: #"{"data":{"event_id":"\#(id)"}}"#)
          #expect(answer.status == 200)
        }
        let seconds =
          Int(Date().timeIntervalSince1970) - Int(start.timeIntervalSince1970) + 1
        let reads = try count(Self.listMark) - before
        #expect(reads == asked && reads > seconds)
      }
    }

    /// 64 clients ask for 1000 events that do not exist, for each of them once.
    ///
    /// - Returns: How many statements, whatever they are, PostgreSQL has run meanwhile for the service; and
    ///   in how many seconds of the clock.
    private func flood(
      _ service: ServiceProcess, _ ask: @escaping @Sendable (FastCGIPeer, String) throws -> Int
    ) throws -> (statements: Int, seconds: Int) {
      let (before, start) = (try statementCount(), Date())
      let number = Monitor(0)
      let statuses = Monitor<Set<Int>>([])
      let path = service.socketPath
      try inParallel(64) { _ in
        let peer = try FastCGIPeer(path: path)
        while true {
          let next = number.withLock { number in
            number += 1
            return number
          }
          if next > Self.floodEvents { return }
          let status = try ask(peer, "unknown-\(next)")
          statuses.withLock { _ = $0.insert(status) }
        }
      }
      #expect(statuses.withLock { $0 }.isSubset(of: [400, 404, 503]))
      let seconds = Int(Date().timeIntervalSince1970) - Int(start.timeIntervalSince1970) + 1
      return (try statementCount() - before, seconds)
    }

    /// All statements of the databases that log theirs, of which there is one at a time.
    private func statementCount() throws -> Int {
      try count("LOG:  execute ") + count("LOG:  statement: ")
    }

    private static let floodEvents = 1000

    /// 20 statements a second look for events, each for many of them; the rest is what a service does by itself.
    private static func mostStatements(_ seconds: Int) -> Int { 20 * seconds + 20 }

    @Test func aFloodOfUnknownEventsIsBounded() throws {
      try withService(["HOLDFAST_SEAT_MAP_EVENTS": "2", "HOLDFAST_UNKNOWN_EVENTS": "50"]) {
        (service, database) throws -> Void in
        let events = try (0..<3).map { _ in try SeatEvent(on: site, seats: 10, database: database) }
        let peer = try service.peer()
        /// How many statements looked for the event as it was asked for: none if it was kept.
        func looks(for event: SeatEvent) throws -> Int {
          let before = try count(Self.lookMark)
          #expect(try peer.request("GET", event.availabilityPath).status == 200)
          return try count(Self.lookMark) - before
        }
        #expect(try looks(for: events[0]) == 1)
        let (statements, seconds) = try flood(service) { peer, event in
          try peer.request("GET", "/tickets_availability?event_id=\(event)").status
        }
        #expect(
          statements <= Self.mostStatements(seconds) && statements < Self.floodEvents / 2,
          "\(statements) in \(seconds) seconds")
        // The event that exists has kept its place.
        #expect(try looks(for: events[0]) == 0)
        // The control: it gives way to others that exist, and is looked for again.
        for event in events.dropFirst() {
          Clock.sleep(1.1)
          #expect(try looks(for: event) == 1)
        }
        Clock.sleep(1.1)
        #expect(try looks(for: events[0]) == 1)
      }
    }

    /// The negative control: the same flood where it is not bounded, of lists.
    @Test func aFloodThatIsNotBoundedReachesPostgreSQLForEachEvent() throws {
      try withService(["HOLDFAST_LISTS": "100"]) { (service, _) throws -> Void in
        let (statements, seconds) = try flood(service) { peer, event in
          try peer.request(
            "POST", "/tickets_list_event", body: #"{"data":{"event_id":"\#(event)"}}"#
          ).status
        }
        #expect(statements >= Self.floodEvents && statements > Self.mostStatements(seconds))
      }
    }
  }
}
