import Testing

/// The suites over the whole site: nginx, the release binary and PostgreSQL.
///
/// One after the other, since several of them measure times, load every core, or stop servers.
@Suite(
  "End to end", .serialized,
  .enabled(if: TestSettings.areGiven, "needs a site: run deploy/test instead of swift test"))
enum EndToEnd {}
