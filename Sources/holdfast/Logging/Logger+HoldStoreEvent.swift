internal import HoldStore
internal import Logging

extension Logger {
  /// Logs an event of the store.
  func log(_ event: HoldStoreEvent) {
    switch event {
    case .connectFailed(let error):
      warning("database connection failed", metadata: ["error": "\(error)"])
    case .batchFailed(let error, let operations, let consequence):
      let level: Level =
        consequence == .retried || consequence == .split ? .debug : .warning
      log(
        level: level, "commit failed",
        metadata: [
          "error": "\(error)", "operations": "\(operations)",
          "consequence": "\(consequence.rawValue)",
        ])
    case .batchResolved(let resolution, let operations):
      log(
        level: resolution == .unknown ? .warning : .notice, "batch resolved",
        metadata: ["resolution": "\(resolution.rawValue)", "operations": "\(operations)"])
    case .swept(let rows):
      log(level: rows > 0 ? .info : .debug, "swept expired holds", metadata: ["rows": "\(rows)"])
    case .sweepFailed(let error):
      warning("sweep failed", metadata: ["error": "\(error)"])
    }
  }
}
