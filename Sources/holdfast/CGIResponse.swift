internal import HoldAPI

/// An answer as a CGI header block and body (RFC 3875, section 6).
enum CGIResponse {
  /// A longer body is sent in pieces of its own instead of being copied behind its header block.
  private static let copiedBytes = 16_384

  /// The answer, in one piece unless its body is long.
  static func pieces(_ response: APIResponse) -> [[UInt8]] {
    guard let long = response.longBody else { return [bytes(response)] }
    var head = bytes(response)
    guard long.byteCount > copiedBytes else {
      for piece in long.pieces { head += piece }
      return [head + response.bodyEnd]
    }
    return [head] + long.pieces + [response.bodyEnd]
  }

  /// The answer but for what comes after `body`.
  static func bytes(_ response: APIResponse) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(512 + response.body.count)
    append(statusLine(response.status), to: &bytes)
    response.forEachHeader { name, value in append(name, value, to: &bytes) }
    // HEAD has an empty body whose length would not be the one of GET.
    let byteCount = response.bodyByteCount
    if byteCount > 0 { append("Content-Length", String(byteCount), to: &bytes) }
    append("\r\n\r\n", to: &bytes)
    bytes += response.body
    return bytes
  }

  /// Appends a header to those before it.
  private static func append(_ name: String, _ value: String, to bytes: inout [UInt8]) {
    append("\r\n", to: &bytes)
    append(name, to: &bytes)
    append(": ", to: &bytes)
    append(value, to: &bytes)
  }

  private static func append(_ text: String, to bytes: inout [UInt8]) {
    var text = text
    text.withUTF8 { unsafe bytes.append(contentsOf: $0) }
  }

  /// With the reason phrase of RFC 9110, section 15, for the statuses that the API gives.
  private static func statusLine(_ status: Int) -> String {
    switch status {
    case 200: "Status: 200 OK"
    case 304: "Status: 304 Not Modified"
    case 400: "Status: 400 Bad Request"
    case 401: "Status: 401 Unauthorized"
    case 403: "Status: 403 Forbidden"
    case 404: "Status: 404 Not Found"
    case 405: "Status: 405 Method Not Allowed"
    case 409: "Status: 409 Conflict"
    case 413: "Status: 413 Content Too Large"
    case 415: "Status: 415 Unsupported Media Type"
    case 503: "Status: 503 Service Unavailable"
    default: "Status: \(status) Internal Server Error"
    }
  }
}
