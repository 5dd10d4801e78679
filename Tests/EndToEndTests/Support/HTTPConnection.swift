import Foundation
import TestSupport

/// A kept-alive HTTP/1.1 connection to a site's plain port. For one thread.
final class HTTPConnection {
  private let port: Int
  private var socket: Socket?
  private var buffer: [UInt8] = []

  init(port: Int) { self.port = port }

  func post(_ path: String, _ body: String, headers: [String] = []) throws -> HTTPResponse {
    let head =
      ["POST \(path) HTTP/1.1", "Host: localhost", "Content-Type: application/json"] + headers
      + ["Content-Length: \(body.utf8.count)", "", body]
    return try exchange(head.joined(separator: "\r\n"))
  }

  func get(_ path: String, headers: [String] = []) throws -> HTTPResponse {
    let head = ["GET \(path) HTTP/1.1", "Host: localhost"] + headers + ["", ""]
    return try exchange(head.joined(separator: "\r\n"))
  }

  /// Sends a request as it stands and reads the answer; on an error the connection is given up.
  ///
  /// - Parameter hasBody: False for HEAD, whose answer names a length and has none.
  func exchange(_ request: String, hasBody: Bool = true) throws -> HTTPResponse {
    let socket = try self.socket ?? Socket(port: port)
    self.socket = nil
    buffer = []
    try socket.write(request.utf8)
    let end: [UInt8] = [13, 10, 13, 10]
    var headEnd: Int?
    while headEnd == nil {
      try fill(from: socket)
      headEnd = buffer.firstRange(of: end)?.upperBound
    }
    var response = HTTPResponse(
      head: String(decoding: buffer.prefix(headEnd ?? 0), as: UTF8.self))
    buffer.removeFirst(headEnd ?? 0)
    let length = hasBody ? response["Content-Length"].flatMap { Int($0) } ?? 0 : 0
    while buffer.count < length { try fill(from: socket) }
    response.body = String(decoding: buffer.prefix(length), as: UTF8.self)
    if response["Connection"] != "close" { self.socket = socket }
    return response
  }

  private func fill(from socket: Socket) throws {
    let more = try socket.read()
    guard !more.isEmpty else { throw Failure("the connection was closed without an answer") }
    buffer += more
  }
}
