import Holds

extension APIResponse {
  /// The operation has no result: says why, and whether anything was changed.
  static func failed(
    _ failure: HoldFailure, bounds: APIBounds, requestID: String
  ) -> APIResponse {
    if failure == .databaseRefused {
      return error(
        status: 500, message: "Internal error: nothing was changed", requestID: requestID)
    }
    let outcome = failure.nothingWasChanged ? "nothing was changed" : "outcome unknown"
    return error(
      status: 503, message: "\(cause(of: failure)); \(outcome)", requestID: requestID,
      retryAfterSeconds: bounds.retryAfterSeconds)
  }

  /// An outcome that does not belong to the operation: a defect of the store, which did something.
  static func unexpectedOutcome(requestID: String) -> APIResponse {
    error(status: 500, message: "Internal error; outcome unknown", requestID: requestID)
  }

  private static func cause(of failure: HoldFailure) -> String {
    switch failure {
    case .queueFull: "Service busy: the queue is full"
    case .stopping: "Service stopping"
    case .databaseUnreachable: "Database not reached in time"
    case .databaseRefused: "Internal error"
    case .contended: "Tickets busy: another transaction kept them locked"
    case .outcomeUnknown: "Database connection lost during the commit"
    }
  }
}
