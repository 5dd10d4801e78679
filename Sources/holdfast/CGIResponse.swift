internal import HoldAPI

/// An answer as a CGI header block and body (RFC 3875, section 6).
enum CGIResponse {
  /// The lines between the status and the request id: put together once, as every answer has them.
  private static let commonLines =
    APIResponse.commonHeaders.map { "\r\n\($0.name): \($0.value)" }.joined()

  static func bytes(_ response: APIResponse) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(512 + response.body.count)
    append(statusLine(response.status), to: &bytes)
    append("\r\nContent-Type: ", to: &bytes)
    append(response.contentType, to: &bytes)
    append(commonLines, to: &bytes)
    append("\r\nX-Request-Id: ", to: &bytes)
    append(response.requestID, to: &bytes)
    for header in response.ownHeaders {
      append("\r\n\(header.name): \(header.value)", to: &bytes)
    }
    // HEAD has an empty body whose length would not be the one of GET.
    if !response.body.isEmpty {
      append("\r\nContent-Length: ", to: &bytes)
      append(String(response.body.count), to: &bytes)
    }
    append("\r\n\r\n", to: &bytes)
    bytes += response.body
    return bytes
  }

  private static func append(_ text: String, to bytes: inout [UInt8]) {
    var text = text
    text.withUTF8 { unsafe bytes.append(contentsOf: $0) }
  }

  /// With the reason phrase of RFC 9110, section 15, for the statuses that the API gives.
  private static func statusLine(_ status: Int) -> String {
    switch status {
    case 200: "Status: 200 OK"
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
