import Foundation
import Testing

extension EndToEnd {
  /// Asked by another's FastCGI than nginx's: Debian's `cgi-fcgi`.
  @Suite("Interoperability")
  struct InteroperabilityTests {
    private let service: ServiceProcess

    init() throws {
      service = try ServiceProcess(on: .shared())
      try service.waitUntilReady()
    }

    private func ask(_ method: String, _ path: String, body: String = "") throws -> HTTPResponse {
      let input = try TemporaryFile()
      let output = try TemporaryFile()
      #expect(write(input.descriptor, body, body.utf8.count) == body.utf8.count)
      lseek(input.descriptor, 0, SEEK_SET)
      let child = try ChildProcess(
        ["cgi-fcgi", "-bind", "-connect", service.socketPath],
        environment: [
          "REQUEST_METHOD": method, "DOCUMENT_URI": path, "CONTENT_TYPE": "application/json",
          "CONTENT_LENGTH": String(body.utf8.count),
          // Past 127 bytes a length takes four.
          "HTTP_X_LONG": String(repeating: "x", count: 5000),
        ], input: input.descriptor, output: output.descriptor)
      #expect(child.wait(seconds: 30) == 0)
      let parts = output.text.components(separatedBy: "\r\n\r\n")
      return HTTPResponse(head: parts[0], body: parts.dropFirst().joined(separator: "\r\n\r\n"))
    }

    @Test func requestsWithoutABody() throws {
      for _ in 0..<3 { #expect(try ask("GET", "/livez").body == Answer.alive) }
      #expect(try ask("GET", "/nowhere").status == 404)
    }

    @Test func requestsWithABody() throws {
      #expect(try ask("POST", "/tickets_unlock", body: "{}").body == Answer.swept)
      #expect(
        try ask("POST", "/tickets_unlock_param", body: RequestText.release(["I-1"])).status == 200)
      // Sent in many records, of which none is large.
      let spaces = String(repeating: " ", count: 60_000)
      let body = RequestText.release(["I-1"]) + spaces
      #expect(try ask("POST", "/tickets_unlock_param", body: body).status == 200)
      #expect(try ask("POST", "/tickets_unlock_param", body: body + spaces).status == 413)
    }
  }
}
