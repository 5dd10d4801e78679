import FastCGI

/// A server that answers with what it was asked.
final class Echo: TestServer {
  /// - Parameter answerBytes: How much padding each answer gets.
  init(_ limits: FastCGILimits = .testing(workers: 2), answerBytes: Int = 0) throws {
    try super.init(limits) { exchange in
      let body = exchange.body
      let method = exchange.parameter("REQUEST_METHOD") ?? "none"
      let text = "\(method) \(exchange.parameter("NAME") ?? "nil") \(body.count) "
      exchange.respond(
        Array(text.utf8) + body.prefix(8) + [UInt8](repeating: 46, count: answerBytes))
    }
  }
}
