internal import HoldAPI

/// An answer as a CGI header block and body (RFC 3875, section 6).
enum CGIResponse {
  static func bytes(_ response: APIResponse) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(512 + response.body.count)
    append("Status: ", String(response.status), " ", reason(response.status), to: &bytes)
    for header in response.headers {
      append("\r\n", header.name, ": ", header.value, to: &bytes)
    }
    // HEAD has an empty body whose length would not be the one of GET.
    if !response.body.isEmpty {
      append("\r\nContent-Length: ", String(response.body.count), to: &bytes)
    }
    append("\r\n\r\n", to: &bytes)
    bytes += response.body
    return bytes
  }

  private static func append(_ texts: String..., to bytes: inout [UInt8]) {
    for var text in texts {
      text.withUTF8 { unsafe bytes.append(contentsOf: $0) }
    }
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
