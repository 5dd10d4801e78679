/// A request of the wire table, and the answer that it must have.
struct Exchange {
  var method = "POST"
  var path: String
  var headers = ["Content-Type: application/json"]
  var body: [UInt8] = []
  var isHTTP1 = false

  let status: Int

  /// The whole body.
  let answer: String

  /// Headers besides those that every answer has.
  var answerHeaders: [String: String] = [:]

  init(_ method: String, _ path: String, status: Int, answer: String) {
    self.method = method
    self.path = path
    self.status = status
    self.answer = answer
  }

  init(path: String, body: String, status: Int, answer: String) {
    self.init("POST", path, status: status, answer: answer)
    self.body = Array(body.utf8)
  }

  static func lock(_ body: String, status: Int, answer: String) -> Exchange {
    Exchange(path: "/tickets_lock", body: body, status: status, answer: answer)
  }

  /// A lock of these tickets that is granted.
  static func granted(_ tickets: [String]) -> Exchange {
    lock(RequestText.lock(tickets), status: 200, answer: Answer.granted(tickets))
  }

  /// A lock of these tickets that is refused because of those.
  static func refused(_ tickets: [String], because unavailable: [String]) -> Exchange {
    lock(RequestText.lock(tickets), status: 400, answer: Answer.refused(unavailable))
  }

  static func release(_ body: String, status: Int = 200, answer: String = Answer.released)
    -> Exchange
  {
    Exchange(path: "/tickets_unlock_param", body: body, status: status, answer: answer)
  }

  func with(_ change: (inout Exchange) -> Void) -> Exchange {
    var copy = self
    change(&copy)
    return copy
  }
}
