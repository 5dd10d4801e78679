internal import HoldStore
internal import Logging

extension Logger {
  /// Logs an event of the store.
  func log(_ event: HoldStoreEvent) {
    switch event {
    case .answered, .begun, .committed, .deferred: break
    case .commitsRefused(let problem):
      error("the database would refuse commits", metadata: ["error": "\(problem)"])
    case .strictSales(let isOn):
      notice("strict sales", metadata: ["on": "\(isOn)"])
    case .connectFailed(let error):
      warning("database connection failed", metadata: ["error": "\(error)"])
    case .batchFailed(let error, let operations, let consequence):
      let level: Level =
        consequence == .retried || consequence == .divided ? .debug : .warning
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
    case .seatsNotRead(let error):
      warning("seats not read", metadata: ["error": "\(error)"])
    case .swept(let result):
      log(
        level: result.rows > 0 ? .info : .debug, "swept expired holds",
        metadata: ["rows": "\(result.rows)"])
      if result.rowsFromTheFuture > 0 {
        warning(
          "holds from the future were deleted: the database's clock has been set back",
          metadata: ["rows": "\(result.rowsFromTheFuture)"])
      }
    case .readFailed(let error):
      warning("reading a seat map or list failed", metadata: ["error": "\(error)"])
    case .sweepFailed(let error):
      warning("sweep failed", metadata: ["error": "\(error)"])
    case .historyFailed(let error):
      warning("keeping the history's days failed", metadata: ["error": "\(error)"])
    }
  }
}
