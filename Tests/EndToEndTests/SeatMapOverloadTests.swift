import Foundation
import Testing

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

    /// Viewers who ask for one event at once, when the map in the cache is too old: nginx passes all
    /// of them on.
    ///
    /// - Parameters:
    ///   - places: How many of them find a place. They wait for their answer until the body has ended.
    ///   - body: What happens once the others have been refused.
    /// - Returns: What the viewers were answered, the refused ones first.
    private func stampede(places: Int, _ body: () throws -> Void) throws -> [HTTPResponse] {
      let event = try SeatEvent(on: site, seats: 1)
      #expect(try event.states(site.http()) == "0")
      let reader = try event.database.value(
        "SELECT pid FROM pg_stat_activity WHERE query LIKE '%string_agg(s.state%' AND pid <> pg_backend_pid()"
      )
      let identifier = try #require(pid_t(reader))
      Clock.sleep(3)
      kill(identifier, SIGSTOP)
      defer { kill(identifier, SIGCONT) }
      let answers = Locked<[HTTPResponse]>([])
      let crowd = Parallel.start { [site, path = event.availabilityPath] in
        try Parallel.run(Self.viewers) { _ in
          let answer = try site.http().get(path)
          answers.withLock { $0.append(answer) }
        }
      }
      try Clock.wait("the others are refused") {
        answers.withLock { $0.count } == Self.viewers - places
      }
      try body()
      #expect(answers.withLock { $0.count } == Self.viewers - places)
      kill(identifier, SIGCONT)
      try crowd.value()
      return answers.withLock { $0 }
    }

    @Test func viewersTakeNoPlaceOfALock() throws {
      let answers = try stampede(places: 2) { () throws -> Void in
        for number in 1...3 { #expect(try site.http().lock(["E1-00\(number)"]).status == 200) }
      }
      for refusal in answers.dropLast(2) {
        #expect(refusal.body == Answer.http(503, "Service unavailable: nothing was changed"))
        #expect(refusal["Retry-After"] == "1")
        #expect(refusal["Cache-Control"] == "no-store")
      }
      #expect(answers.suffix(2).map { $0.data["states"] as? String } == ["0", "0"])
    }

    /// The negative control: seat maps in the same places as all else.
    @Test func viewersInTheSamePlacesCostALock() throws {
      let path = "\(site.directory)/nginx/holdfast/locations.conf"
      let locations = try String(contentsOfFile: path, encoding: .utf8)
      func useInNginx(_ text: String) throws {
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        try site.service("restart", "nginx")
      }
      try useInNginx(locations.replacingOccurrences(of: "holdfast_seat_maps", with: "holdfast"))
      defer { try? useInNginx(locations) }
      _ = try stampede(places: 4) { () throws -> Void in
        let answer = try site.http().lock(["E1-004"])
        #expect(answer.body == Answer.http(503, "Service unavailable: nothing was changed"))
      }
    }
  }
}
