/// Counts the answers by endpoint and status, and how long they took.
///
/// A path that has no endpoint is counted as `other`, so that callers cannot make up labels.
final class RequestMetrics: Sendable {
  private static let other = "other"

  /// The statuses that the API gives; any other is counted as `other`.
  private static let statuses = [
    200, 304, 400, 401, 403, 404, 405, 409, 413, 415, 429, 500, 503,
  ]

  /// Shown from the start, so that their first increase is seen.
  private static let alwaysShown: Set<Int> = [200, 500, 503]

  private final class Endpoint: Sendable {
    let path: String
    let counters = RequestMetrics.statuses.map { _ in Counter() }
    let unforeseen = Counter()
    let durations = Histogram.ofTimes()

    init(_ path: String) { self.path = path }
  }

  private let endpoints: [Endpoint]
  private let places: [String: Int]

  init(paths: [String]) {
    let endpoints = (paths + [Self.other]).map { Endpoint($0) }
    self.endpoints = endpoints
    places = Dictionary(
      endpoints.indices.map { (endpoints[$0].path, $0) }, uniquingKeysWith: { first, _ in first })
  }

  func count(path: String, status: Int, nanoseconds: Int) {
    let endpoint = endpoints[places[path] ?? endpoints.count - 1]
    let counter = Self.statuses.firstIndex(of: status).map { endpoint.counters[$0] }
    (counter ?? endpoint.unforeseen).add()
    endpoint.durations.observe(nanoseconds)
  }

  func writeCounts(_ name: String, _ help: String, to text: inout MetricsText) {
    text.family(name, "counter", help)
    for endpoint in endpoints {
      let codes = Self.statuses.map { String($0) } + [Self.other]
      for (code, counter) in zip(codes, endpoint.counters + [endpoint.unforeseen]) {
        let isShown = Int(code).map { Self.alwaysShown.contains($0) } ?? false
        guard isShown && endpoint.path != Self.other || counter.value > 0 else { continue }
        text.sample(name, Double(counter.value), [("endpoint", endpoint.path), ("code", code)])
      }
    }
  }

  func writeDurations(_ name: String, _ help: String, to text: inout MetricsText) {
    text.family(name, "histogram", help)
    for endpoint in endpoints {
      text.histogram(name, endpoint.durations, [("endpoint", endpoint.path)])
    }
  }
}
