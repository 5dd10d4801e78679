internal import HoldAPI

/// An answer as a CGI header block and body (RFC 3875, section 6).
enum CGIResponse {
  static func bytes(_ response: APIResponse) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(256 + response.body.count)
    bytes.append(contentsOf: "Status: \(response.status)\r\n".utf8)
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
}
