import Holds

extension APIResponse {
  /// Makes an error in the envelope, for the endpoints and for a server that cannot read a request.
  ///
  /// `data` is empty for 404, 405, 413 and 415, which are about HTTP and not about the request's content
  /// (as in nginx's own answers), and `{"valido":false}` for all others. A 503 carries `Retry-After` with
  /// `retryAfterSeconds`; other statuses ignore it.
  public static func error(
    status: Int, message: String, requestID: String, retryAfterSeconds: Int = 1
  ) -> APIResponse {
    var writer = JSONWriter()
    writer.raw(#"{"message":"#)
    writer.string(message)
    writer.raw(#","status":"#)
    writer.integer(status)
    let isAboutHTTP = [404, 405, 413, 415].contains(status)
    writer.raw(isAboutHTTP ? #","data":{}}"# : #","data":{"valido":false}}"#)
    var response = APIResponse(status: status, requestID: requestID, body: writer.bytes)
    if status == 503 { response.addRetryAfter(seconds: retryAfterSeconds) }
    return response
  }

  /// A path that has no endpoint.
  static func notFound(requestID: String) -> APIResponse {
    error(status: 404, message: "Not found", requestID: requestID)
  }

  /// A method that the path does not take.
  static func methodNotAllowed(allow: String, requestID: String) -> APIResponse {
    var response = error(
      status: 405, message: "Method not allowed: this path takes \(allow)",
      requestID: requestID)
    response.ownHeaders.append(APIHeader(name: "Allow", value: allow))
    return response
  }

  /// What an operation ended with, if its endpoint has no answer of its own for that.
  static func other(
    _ outcome: HoldOutcome, bounds: APIBounds, requestID: String
  ) -> APIResponse {
    switch outcome {
    case .overLimit(let limit, let held):
      overLimit(limit: limit, held: held, requestID: requestID)
    case .failed(let failure): failed(failure, bounds: bounds, requestID: requestID)
    // It does not belong to the operation: a defect in the store.
    default:
      error(status: 500, message: "Internal error; outcome unknown", requestID: requestID)
    }
  }

  /// A lock by which the cart or the shopper would have had more live tickets than the limit.
  private static func overLimit(limit: Int, held: Int, requestID: String) -> APIResponse {
    var writer = JSONWriter()
    writer.raw(#"{"message":"At most "#)
    writer.integer(limit)
    writer.raw(#" tickets at once","status":400,"data":{"valido":false,"limit":"#)
    writer.integer(limit)
    writer.raw(#","held":"#)
    writer.integer(held)
    writer.raw("}}")
    return APIResponse(status: 400, requestID: requestID, body: writer.bytes)
  }

  /// A request that was refused before it reached the store.
  static func refusal(_ refusal: BadRequest, requestID: String) -> APIResponse {
    error(status: refusal.status, message: refusal.message, requestID: requestID)
  }

  /// Adds `Retry-After`.
  mutating func addRetryAfter(seconds: Int) {
    ownHeaders.append(APIHeader(name: "Retry-After", value: String(seconds)))
  }

  /// An operation without a result: the message says why, and whether anything was changed.
  static func failed(
    _ failure: HoldFailure, bounds: APIBounds, requestID: String
  ) -> APIResponse {
    if failure == .databaseRefused {
      return error(
        status: 500, message: "Internal error: nothing was changed", requestID: requestID)
    }
    if failure == .sweepRefused {
      return error(status: 500, message: cause(of: failure), requestID: requestID)
    }
    let outcome = failure.nothingWasChanged ? "nothing was changed" : "outcome unknown"
    return error(
      status: 503, message: "\(cause(of: failure)); \(outcome)", requestID: requestID,
      retryAfterSeconds: bounds.retryAfterSeconds)
  }

  /// A question without an answer; a question changes nothing.
  static func failed(
    _ failure: ReadFailure, bounds: APIBounds, requestID: String
  ) -> APIResponse {
    let (status, message) =
      switch failure {
      case .busy: (503, "Service busy: too much is being read")
      case .stopping: (503, "Service stopping")
      case .databaseUnreachable: (503, "Database not reached in time")
      case .databaseRefused: (500, "Internal error")
      case .columnMissing(let column):
        (503, "Column \(column) missing: lists and seat maps need it")
      }
    return error(
      status: status, message: "\(message); nothing was changed", requestID: requestID,
      retryAfterSeconds: bounds.retryAfterSeconds)
  }

  private static func cause(of failure: HoldFailure) -> String {
    switch failure {
    case .queueFull: "Service busy: the queue is full"
    case .stopping: "Service stopping"
    case .databaseUnreachable: "Database not reached in time"
    case .databaseRefused: "Internal error"
    case .contended: "Tickets busy: another request or transaction kept them"
    case .unsupported(let cause): cause
    case .outcomeUnknown: "Database connection lost during the commit"
    case .sweepRefused: "Internal error: not every expired ticket was unblocked"
    case .sweepLate: "Expired tickets not all unblocked in time"
    }
  }
}
