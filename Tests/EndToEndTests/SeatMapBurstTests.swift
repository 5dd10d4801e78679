import Foundation
import TestSupport
import Testing

extension EndToEnd {
  /// Many events' maps at once, which nginx has not in its cache and the service has at hand.
  @Suite("Seat maps in a burst", .site(["HOLDFAST_LONG_ANSWERS": "1"]))
  struct SeatMapBurstTests {
    private static let events = 20

    private let site: Site

    init() throws { site = try .ofSuite() }

    /// One thread sends what is ready at once, and none of it is refused.
    @Test func nobodyIsRefused() throws {
      let events = try (0..<Self.events).map { _ in try SeatEvent(on: site, seats: 5000) }
      let http = site.http()
      // For nginx the compressed layout is another answer.
      for event in events { #expect(try http.get(event.layoutPath).status == 200) }
      // Read in the second of the burst, if it is not about to end.
      for event in events { #expect(try http.get(event.availabilityPath).status == 200) }
      let answers = try inParallel(Self.events) { [site, paths = events.map(\.layoutPath)] number in
        try site.http().get(paths[number], headers: ["Accept-Encoding: gzip"])
      }
      for answer in answers {
        #expect(answer.status == 200)
        #expect(answer["Content-Length"].flatMap { Int($0) } ?? 0 > 16_384, "it is a long answer")
      }
    }
  }
}
