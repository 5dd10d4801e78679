/// A request that is refused before it reaches the store: nothing was changed.
struct BadRequest: Error, Equatable {
  /// 400, 413 or 415.
  var status = 400

  /// Names the member, what was expected and what was received; never a `hold_id`.
  var message: String

  /// A refusal with a message of its own.
  init(status: Int = 400, message: String) {
    self.status = status
    self.message = message
  }

  /// A 400 about one part of the request.
  init(_ part: String, expected: String, got received: String) {
    message = "\(part): expected \(expected), got \(received)"
  }
}
