@testable import HoldStore

extension HoldStoreSettings {
  /// For tests in which nothing may fail because the machine is busy, and nothing sweeps by itself.
  static func patient(_ conninfo: String) -> HoldStoreSettings {
    var settings = HoldStoreSettings()
    settings.conninfo = conninfo
    settings.sweepIntervalMilliseconds = 0
    settings.answerTimeoutMilliseconds = 25_000
    settings.statementTimeoutMilliseconds = 20_000
    settings.readinessTimeoutMilliseconds = 20_000
    settings.queue.waitingMilliseconds = 20_000
    settings.pool.connectTimeoutMilliseconds = 20_000
    return settings
  }
}

extension HoldStore {
  /// Runs a store for as long as `body` takes.
  static func run(
    _ settings: HoldStoreSettings, onEvent: @escaping @Sendable (HoldStoreEvent) -> Void = { _ in },
    _ body: (HoldStore) throws -> Void
  ) throws {
    let store = HoldStore(settings: settings, onEvent: onEvent)
    defer { store.stop() }
    try body(store)
  }
}
