/// The three functions.
extension HTTPConnection {
  func lock(
    _ tickets: [String], seconds: Double = 600, holdID: String? = nil, details: Bool = false
  ) throws -> HTTPResponse {
    try post(
      "/tickets_lock",
      RequestText.lock(tickets, seconds: seconds, holdID: holdID, details: details))
  }

  @discardableResult
  func release(_ tickets: [String], holdID: String? = nil) throws -> HTTPResponse {
    try post("/tickets_unlock_param", RequestText.release(tickets, holdID: holdID))
  }

  @discardableResult
  func confirm(
    _ tickets: [String], order: String, holdID: String? = nil
  ) throws -> HTTPResponse {
    try post("/tickets_confirm", RequestText.confirm(tickets, order: order, holdID: holdID))
  }

  @discardableResult
  func releaseExpired() throws -> HTTPResponse { try post("/tickets_unlock", "") }
}
