import Foundation
import TestSupport

/// Requests as nginx passes them on.
extension FastCGIPeer {
  func request(
    _ method: String, _ path: String, body: String = "", keepsConnection: Bool = true
  ) throws -> HTTPResponse {
    try send(method, path, body: body, keepsConnection: keepsConnection)
    return try readResponse()
  }

  /// Sends a request, in so many pieces with a pause between them.
  func send(
    _ method: String, _ path: String, body: String, keepsConnection: Bool = true, pieces: Int = 1
  ) throws {
    let bytes = Self.records(method, path, body: body, keepsConnection: keepsConnection)
    let size = (bytes.count + pieces - 1) / pieces
    for start in stride(from: 0, to: bytes.count, by: size) {
      if start > 0 { Clock.sleep(0.02) }
      try socket.write(bytes[start..<min(start + size, bytes.count)])
    }
  }

  func lock(_ tickets: [String], seconds: Double = 600, holdID: String? = nil) throws
    -> HTTPResponse
  {
    try request(
      "POST", "/tickets_lock", body: RequestText.lock(tickets, seconds: seconds, holdID: holdID))
  }

  /// Sends the beginning of a request and no more.
  func sendHalfARequest() throws {
    try socket.write(Self.records("GET", "/livez", body: "", keepsConnection: true).prefix(21))
  }

  func readResponse() throws -> HTTPResponse {
    let parts = try readAnswer().components(separatedBy: "\r\n\r\n")
    return HTTPResponse(head: parts[0], body: parts.dropFirst().joined(separator: "\r\n\r\n"))
  }

  private static func records(
    _ method: String, _ path: String, body: String, keepsConnection: Bool
  ) -> [UInt8] {
    let parts = path.split(separator: "?", maxSplits: 1).map { String($0) }
    return Record.request(
      [
        ("REQUEST_METHOD", method), ("DOCUMENT_URI", parts[0]),
        ("QUERY_STRING", parts.count > 1 ? parts[1] : ""), ("CONTENT_TYPE", "application/json"),
        ("CONTENT_LENGTH", String(body.utf8.count)),
      ], body: Array(body.utf8), keepsConnection: keepsConnection)
  }
}
