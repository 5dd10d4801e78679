/// `HOLDFAST_*` variables of the environment that are read by nothing: misspelled ones, most likely.
struct UnknownVariable: Equatable {
  let name: String

  /// The known name that differs least, if one is near.
  let nearest: String?

  /// The variables of the scripts in `deploy` and of `nginx/render`, which may share a file of
  /// settings with the service.
  private static let othersNames: Set<String> = [
    "HOLDFAST_ACCESS_LOG", "HOLDFAST_BINARY", "HOLDFAST_CA", "HOLDFAST_CACHE",
    "HOLDFAST_CACHE_BYTES", "HOLDFAST_CERTIFICATE", "HOLDFAST_CERTIFICATE_KEY",
    "HOLDFAST_CHAOS_KEEP", "HOLDFAST_CLIENT_CA", "HOLDFAST_CORS_ORIGINS", "HOLDFAST_DEMO",
    "HOLDFAST_DEMO_SOCKET", "HOLDFAST_DEMO_TICKETS", "HOLDFAST_DIR", "HOLDFAST_ERROR_LOG",
    "HOLDFAST_ERROR_LOG_LEVEL", "HOLDFAST_HEALTH_CONNECTIONS", "HOLDFAST_HEALTH_RATE",
    "HOLDFAST_HTTPS_ADDRESSES", "HOLDFAST_HTTPS_PORT",
    "HOLDFAST_HTTPS_URL", "HOLDFAST_HTTP_ADDRESS", "HOLDFAST_HTTP_PORT", "HOLDFAST_HTTP_URL",
    "HOLDFAST_INSTANCES", "HOLDFAST_LOGS", "HOLDFAST_NGINX_RUN", "HOLDFAST_PID", "HOLDFAST_PIDS",
    "HOLDFAST_POSTGRES_OPTIONS", "HOLDFAST_RATE", "HOLDFAST_RATE_BURST",
    "HOLDFAST_RATE_CONNECTIONS", "HOLDFAST_RATE_EXEMPT", "HOLDFAST_REUSEPORT",
    "HOLDFAST_SERVER_NAME", "HOLDFAST_SOCKETS", "HOLDFAST_TRUSTED_PROXIES",
    "HOLDFAST_UNLOCK_FROM", "HOLDFAST_UPSTREAM_KEEPALIVE", "HOLDFAST_UPSTREAM_REQUESTS",
    "HOLDFAST_UPSTREAM_SEAT_MAPS", "HOLDFAST_VIEW_RATE",
    "HOLDFAST_WORKER_CONNECTIONS", "HOLDFAST_WORKER_PROCESSES",
  ]

  /// What the tests hand down.
  private static let testPrefix = "HOLDFAST_TEST_"

  /// The unknown variables, by name.
  static func all(
    in environment: [String: String], declared: [SettingDeclaration]
  ) -> [UnknownVariable] {
    let known = othersNames.union(declared.map(\.environmentName))
    let names = environment.keys.filter {
      $0.hasPrefix("HOLDFAST_") && !$0.hasPrefix(testPrefix) && !known.contains($0)
    }
    return names.sorted().map { UnknownVariable(name: $0, nearest: nearest(to: $0, among: known)) }
  }

  /// At most a third of the letters after the common prefix may differ.
  private static func nearest(to name: String, among known: Set<String>) -> String? {
    let limit = max(1, (name.utf8.count - "HOLDFAST_".utf8.count) / 3)
    let ranked = known.map { (distance: distance(name, $0), name: $0) }.min { $0 < $1 }
    guard let ranked, ranked.distance <= limit else { return nil }
    return ranked.name
  }

  /// The bytes to insert, delete or replace to get from one text to the other (Levenshtein).
  private static func distance(_ left: String, _ right: String) -> Int {
    let right = Array(right.utf8)
    var previous = Array(0...right.count)
    for (row, byte) in left.utf8.enumerated() {
      var current = [row + 1]
      for column in right.indices {
        let replaced = previous[column] + (right[column] == byte ? 0 : 1)
        current.append(min(replaced, previous[column + 1] + 1, current[column] + 1))
      }
      previous = current
    }
    return previous[right.count]
  }
}
