import Foundation
import TestSupport
import Testing

/// Sends exchanges over HTTPS, all through one `curl` and so over one connection, one after the other.
struct Wire {
  let site: Site

  init(_ site: Site) { self.site = site }

  func send(_ exchanges: [Exchange]) throws -> [HTTPResponse] {
    let directory = try TemporaryDirectory()
    let place = directory.path
    let transfers = try exchanges.enumerated().map { index, exchange in
      try transfer(exchange, files: "\(place)/\(index)")
    }
    try transfers.joined(separator: "next\n").write(
      toFile: place + "/config", atomically: false, encoding: .utf8)
    try Command.succeed(["curl", "--config", place + "/config"])
    return try exchanges.indices.map { index in
      // Before the answer's own header there may be that of a 100.
      let head = try text("\(place)/\(index).head").components(separatedBy: "\r\n\r\n")
        .last { !$0.isEmpty }
      // For HEAD, curl writes the header to the output.
      let body = exchanges[index].method == "HEAD" ? nil : try? text("\(place)/\(index).body")
      return HTTPResponse(head: head ?? "", body: body ?? "")
    }
  }

  /// Sends the exchanges and compares every answer.
  func check(_ exchanges: [Exchange], sourceLocation: SourceLocation = #_sourceLocation) throws {
    for (exchange, response) in zip(exchanges, try send(exchanges)) {
      let name = "\(exchange.method) \(exchange.path) \(Self.shown(exchange.body))"
      let isWithoutBody = exchange.status == 204 || exchange.method == "HEAD"
      let common =
        isWithoutBody
        ? ["Cache-Control": "no-store"]
        : ["Cache-Control": "no-store", "Content-Type": "application/json"]
      #expect(
        response.status == exchange.status, "\(name)", sourceLocation: sourceLocation)
      #expect(response.body == exchange.answer, "\(name)", sourceLocation: sourceLocation)
      for (header, value) in common.merging(exchange.answerHeaders, uniquingKeysWith: { $1 }) {
        #expect(
          response[header] == value, "\(header) of \(name)", sourceLocation: sourceLocation)
      }
      let identifier = response["X-Request-Id"] ?? ""
      #expect(
        identifier.wholeMatch(of: #/[A-Za-z0-9._-]{1,64}/#) != nil, "\(name)",
        sourceLocation: sourceLocation)
    }
  }

  private func transfer(_ exchange: Exchange, files: String) throws -> String {
    var lines = [
      "url = \"\(site["HOLDFAST_HTTPS_URL"])\(exchange.path)\"",
      "cacert = \"\(site["HOLDFAST_CA"])\"", "silent", "show-error", "max-time = 30",
      "dump-header = \"\(files).head\"", "output = \"\(files).body\"",
      exchange.method == "HEAD" ? "head" : "request = \(exchange.method)",
      // curl would wait for a 100 before it sends a large body.
      "header = \"Expect:\"",
    ]
    if exchange.isHTTP1 { lines.append("http1.1") }
    lines += exchange.headers.map { "header = \"\($0)\"" }
    if exchange.method == "POST" {
      try Data(exchange.body).write(to: URL(filePath: files + ".in"))
      lines.append("data-binary = \"@\(files).in\"")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private func text(_ path: String) throws -> String {
    String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self)
  }

  private static func shown(_ body: [UInt8]) -> String {
    String(decoding: body.prefix(120), as: UTF8.self)
  }
}
