import Foundation
import TestSupport
import Testing
import Threads

extension EndToEnd {
  /// More viewers than there are places for, while the database does not answer who reads seat maps.
  @Suite(
    "Seat maps under overload",
    .site([
      "HOLDFAST_UPSTREAM_REQUESTS": "4", "HOLDFAST_UPSTREAM_SEAT_MAPS": "2",
      "HOLDFAST_SEAT_MAP_READERS": "1",
    ]))
  struct SeatMapOverloadTests {
    private static let viewers = 8

    private let site: Site

    init() throws { site = try .ofSuite() }

    /// Viewers who ask for one event at once, when the map in the cache is too old, while the database
    /// does not answer.
    ///
    /// - Parameters:
    ///   - refused: How many of them are refused before the database answers again.
    ///   - body: What happens meanwhile. The database answers when it has ended.
    private func stampede(refused: Int, _ body: () throws -> Void = {}) throws {
      let event = try SeatEvent(on: site, seats: 1)
      #expect(try event.states(site.http()) == "0")
      let reader = try event.database.value(
        "SELECT pid FROM pg_stat_activity WHERE query LIKE '%string_agg(s.state%' AND pid <> pg_backend_pid()"
      )
      let identifier = try #require(pid_t(reader))
      Clock.sleep(3)
      kill(identifier, SIGSTOP)
      defer { kill(identifier, SIGCONT) }
      let answers = Monitor<[HTTPResponse]>([])
      let crowd = Background { [site, path = event.availabilityPath] in
        try inParallel(Self.viewers) { _ in
          let answer = try site.http().get(path)
          answers.withLock { $0.append(answer) }
        }
      }
      Clock.sleep(0.5)
      try body()
      try waitUntil("as many are refused as must be") { answers.withLock { $0.count } == refused }
      kill(identifier, SIGCONT)
      try crowd.value()
      let all = answers.withLock { $0 }
      for refusal in all.prefix(refused) {
        #expect(refusal.status == 503)
        #expect(refusal["Retry-After"] == "1")
        #expect(refusal["Cache-Control"] == "no-store")
      }
      #expect(all.dropFirst(refused).allSatisfy { $0.data["states"] as? String == "0" })
    }

    /// Runs `body` with a file of nginx changed.
    private func with(
      _ text: String, replacedBy other: String, in file: String = "locations.conf",
      _ body: () throws -> Void
    ) throws {
      let path = "\(site.directory)/nginx/holdfast/\(file)"
      let original = try String(contentsOfFile: path, encoding: .utf8)
      func useInNginx(_ text: String) throws {
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        try site.service("restart", "nginx")
      }
      #expect(original.contains(text))
      try useInNginx(original.replacingOccurrences(of: text, with: other))
      defer { try? useInNginx(original) }
      try body()
    }

    /// A negative control of `SeatMapTests.changesShowInTwoSeconds`: nginx chooses how long answers live.
    @Test func withoutHoldfastsLifetimeAnAnswerIsOlder() throws {
      let lifetime = """
        fastcgi_ignore_headers Vary X-Accel-Expires Cache-Control;
        fastcgi_cache_valid 200 60s;
        """
      try with("fastcgi_ignore_headers Vary;", replacedBy: lifetime, in: "seat_map.conf") {
        () throws -> Void in
        let event = try SeatEvent(on: site, seats: 1)
        #expect(try event.states(site.http()) == "0")
        try event.sell(1)
        Clock.sleepUndisturbed(2.1)
        #expect(try event.states(site.http()) == "0")
      }
    }

    /// One viewer finds a place, and one of the others asks for all of them.
    @Test func viewersWaitForOneAnotherAndTakeNoPlaceOfALock() throws {
      try stampede(refused: 0) { () throws -> Void in
        for number in 1...3 { #expect(try site.http().lock(["E1-00\(number)"]).status == 200) }
      }
    }

    /// A negative control: nobody asks for others.
    @Test func viewersWhoDoNotShareAreRefused() throws {
      try with("error_page 502 = @seat_map_shared;", replacedBy: "") { () throws -> Void in
        try stampede(refused: Self.viewers - 1)
      }
    }

    /// A negative control: seat maps in the same places as all else.
    @Test func viewersInTheSamePlacesCostALock() throws {
      try with("fastcgi_pass holdfast_seat_maps;", replacedBy: "fastcgi_pass holdfast;") {
        () throws -> Void in
        try stampede(refused: 0) { () throws -> Void in
          let answer = try site.http().lock(["E1-004"])
          #expect(answer.body == Answer.http(503, "Service unavailable: nothing was changed"))
        }
      }
    }
  }
}
