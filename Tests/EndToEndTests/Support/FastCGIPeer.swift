import Foundation

/// The web server's side of a FastCGI connection; records as in the FastCGI specification, section 8.
final class FastCGIPeer {
  private enum Kind: UInt8 {
    case begin = 1
    case end = 3
    case parameters = 4
    case input = 5
    case output = 6
  }

  private let socket: Socket

  init(_ socket: Socket) {
    self.socket = socket
    socket.setReadTimeout(seconds: 30)
  }

  func request(
    _ method: String, _ path: String, body: String = "", keepsConnection: Bool = true
  ) throws -> HTTPResponse {
    try send(method, path, body: body, keepsConnection: keepsConnection)
    return try readAnswer()
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

  /// Whether the other side has closed the connection by now; what it may have sent is dropped.
  var isClosed: Bool {
    var dropped = [UInt8](repeating: 0, count: 4096)
    var count: Int
    repeat {
      count = recv(socket.descriptor, &dropped, dropped.count, Int32(MSG_DONTWAIT))
    } while count > 0
    return count == 0 || errno != EAGAIN
  }

  func readAnswer() throws -> HTTPResponse {
    var output: [UInt8] = []
    while true {
      let head = try socket.read(exactly: 8)
      let length = Int(head[4]) << 8 | Int(head[5])
      let content = try socket.read(exactly: length + Int(head[6])).prefix(length)
      switch Kind(rawValue: head[1]) {
      case .output: output += content
      case .end: return Self.response(output)
      default: break
      }
    }
  }

  private static func response(_ bytes: [UInt8]) -> HTTPResponse {
    let parts = String(decoding: bytes, as: UTF8.self).components(separatedBy: "\r\n\r\n")
    return HTTPResponse(head: parts[0], body: parts.dropFirst().joined(separator: "\r\n\r\n"))
  }

  private static func records(
    _ method: String, _ path: String, body: String, keepsConnection: Bool
  ) -> [UInt8] {
    let parts = path.split(separator: "?", maxSplits: 1).map { String($0) }
    let parameters = [
      "REQUEST_METHOD": method, "DOCUMENT_URI": parts[0],
      "QUERY_STRING": parts.count > 1 ? parts[1] : "", "CONTENT_TYPE": "application/json",
      "CONTENT_LENGTH": String(body.utf8.count),
    ]
    let pairs = parameters.flatMap { name, value in
      [UInt8(name.utf8.count), UInt8(value.utf8.count)] + Array(name.utf8) + Array(value.utf8)
    }
    let input = Array(body.utf8)
    return record(.begin, [0, 1, keepsConnection ? 1 : 0, 0, 0, 0, 0, 0])
      + record(.parameters, pairs) + record(.parameters, [])
      + stride(from: 0, to: input.count, by: 32_768).flatMap {
        record(.input, Array(input[$0..<min($0 + 32_768, input.count)]))
      } + record(.input, [])
  }

  private static func record(_ kind: Kind, _ content: [UInt8]) -> [UInt8] {
    [1, kind.rawValue, 0, 1, UInt8(content.count >> 8), UInt8(content.count & 255), 0, 0] + content
  }
}
