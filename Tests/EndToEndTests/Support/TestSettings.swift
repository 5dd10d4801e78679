import Foundation

/// What `deploy/test` says in the environment about the checkout, the binary and the shared site.
enum TestSettings {
  private static let environment = ProcessInfo.processInfo.environment

  static let areGiven = environment["HOLDFAST_TEST_ROOT"] != nil

  static var root: String { environment["HOLDFAST_TEST_ROOT"] ?? "" }
  static var binary: String { environment["HOLDFAST_TEST_BINARY"] ?? "" }

  /// Whether the service runs under a sanitizer, which keeps freed memory and takes a lot of its own.
  static var isSanitized: Bool {
    environment["ASAN_OPTIONS"] != nil || environment["TSAN_OPTIONS"] != nil
  }

  static var siteDirectory: String { environment["HOLDFAST_TEST_DIR"] ?? "" }

  /// The settings of what tests start, unless they say otherwise: no request is refused because the
  /// machine is slow or stands still for some seconds. nginx waits for an answer for 15 s.
  static let patience = [
    "HOLDFAST_REQUEST_TIMEOUT": "14s", "HOLDFAST_STATEMENT_TIMEOUT": "12s",
    "HOLDFAST_QUEUE_WAIT": "12s", "HOLDFAST_READY_TIMEOUT": "10s",
  ]

  /// The environment for processes that tests start: nothing in it names a site, database or setting.
  static let neutralEnvironment = environment.filter { name, _ in
    !name.hasPrefix("HOLDFAST_") && !name.hasPrefix("PG") && name != "DATABASE_URL"
  }
}
