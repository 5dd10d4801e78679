import TestSupport

extension FastCGIPeer {
  /// Sends a request and reads its answer.
  func ask(
    _ parameters: [(String, String)] = [("REQUEST_METHOD", "GET")], body: [UInt8] = [],
    keepsConnection: Bool = true
  ) throws -> String {
    send(Record.request(parameters, body: body, keepsConnection: keepsConnection))
    return try readAnswer()
  }
}
