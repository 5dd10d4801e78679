internal import HoldAPI

/// An answer as a CGI header block and body (RFC 3875, section 6).
enum CGIResponse {
  static func bytes(_ response: APIResponse) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(256 + response.body.count)
    bytes.append(contentsOf: "Status: \(response.status) \(reason(response.status))\r\n".utf8)
    // HEAD has an empty body whose length would not be the one of GET.
    if !response.body.isEmpty {
      bytes.append(contentsOf: "Content-Length: \(response.body.count)\r\n".utf8)
    }
    for header in response.headers {
      bytes.append(contentsOf: header.name.utf8)
      bytes.append(contentsOf: ": ".utf8)
      bytes.append(contentsOf: header.value.utf8)
      bytes.append(contentsOf: "\r\n".utf8)
    }
    bytes.append(contentsOf: "\r\n".utf8)
    bytes.append(contentsOf: response.body)
    return bytes
  }

  /// The reason phrase of RFC 9110, section 15, for the statuses that the API gives.
  private static func reason(_ status: Int) -> String {
    switch status {
    case 200: "OK"
    case 400: "Bad Request"
    case 404: "Not Found"
    case 405: "Method Not Allowed"
    case 413: "Content Too Large"
    case 415: "Unsupported Media Type"
    case 503: "Service Unavailable"
    default: "Internal Server Error"
    }
  }
}
