import TestSupport
import Testing

/// The suites that need a real server.
@Suite(
  "Holds in PostgreSQL",
  .enabled(if: PostgresServer.isInstalled, Comment(rawValue: PostgresServer.reason)))
enum ServerSuites {}
