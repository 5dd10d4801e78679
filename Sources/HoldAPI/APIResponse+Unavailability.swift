import Holds

extension APIResponse {
  /// No outcome could be had: says why, and what became of the request.
  static func unavailable(
    _ unavailability: Unavailability, bounds: APIBounds, requestID: String
  ) -> APIResponse {
    let outcome = unavailability.nothingWasChanged ? "nothing was changed" : "outcome unknown"
    return error(
      status: 503, message: "\(cause(of: unavailability)); \(outcome)", requestID: requestID,
      retryAfterSeconds: bounds.retryAfterSeconds)
  }

  /// An outcome that does not belong to the operation: a defect of the store, which did something.
  static func unexpectedOutcome(requestID: String) -> APIResponse {
    error(status: 500, message: "Internal error; outcome unknown", requestID: requestID)
  }

  private static func cause(of unavailability: Unavailability) -> String {
    switch unavailability {
    case .queueFull: "Service busy: the queue is full"
    case .stopping: "Service stopping"
    case .databaseUnreachable: "Database not reached in time"
    case .contended: "Tickets busy: another transaction kept them locked"
    case .outcomeUnknown: "Database connection lost during the commit"
    }
  }
}
