import TestSupport
import Testing

/// Gives a suite a site of its own: started before its first test, stopped after its last.
struct SiteTrait: SuiteTrait, TestScoping {
  @TaskLocal fileprivate static var site: Site?

  let settings: [String: String]

  func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
  ) async throws {
    let site = try Site.start(settings)
    defer { site.stop() }
    try await Self.$site.withValue(site) { try await function() }
  }
}

extension Trait where Self == SiteTrait {
  /// A site of the suite's own, with these settings.
  static func site(_ settings: [String: String] = [:]) -> Self { SiteTrait(settings: settings) }
}

extension Site {
  /// The site of the suite that runs.
  static func ofSuite() throws -> Site {
    guard let site = SiteTrait.site else { throw Failure("the suite has no trait .site") }
    return site
  }
}
