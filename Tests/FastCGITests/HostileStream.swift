import TestSupport
import Testing

@testable import FastCGI

/// What a peer may send that no web server does, and what the gate says to it.
struct HostileStream: Sendable, CustomTestStringConvertible {
  let name: String
  let bytes: [UInt8]
  let verdict: RequestGate.Verdict

  var testDescription: String { name }

  init(_ name: String, _ bytes: [UInt8], _ verdict: RequestGate.Verdict = .refused) {
    self.name = name
    self.bytes = bytes
    self.verdict = verdict
  }

  private static let responder: [UInt8] = [0, 1, 1, 0, 0, 0, 0, 0]
  private static let begin = Record(kind: 1, content: responder).bytes
  private static let rest = Array(Record.request(body: Array("0123456789".utf8))[16...])
  private static let end = Record(kind: 4).bytes + Record(kind: 5).bytes

  /// A request whose parameters are these.
  private static func parameters(_ bytes: [UInt8]) -> [UInt8] {
    begin + Record(kind: 4, content: bytes).bytes + end
  }

  static let all: [Self] = [
    Self("HTTP", Array("GET / HTTP/1.1\r\nHost: x\r\n\r\n".utf8)),
    Self("zeros", [UInt8](repeating: 0, count: 1000)),
    Self("ones", [UInt8](repeating: 0xff, count: 1000)),
    Self("version 0", Record(version: 0, kind: 1, content: responder).bytes + rest),
    Self("version 2", begin + Record(version: 2, kind: 4).bytes),
    Self("a beginning of 7 bytes", Record(kind: 1, content: [0, 1, 1, 0, 0, 0, 0]).bytes + rest),
    Self("a long beginning", Record(kind: 1, content: [UInt8](repeating: 0, count: 60_000)).bytes),
    Self("a beginning of no request", Record(kind: 1, requestID: 0, content: responder).bytes),
    Self("an authorizer", Record(kind: 1, content: [0, 2, 1, 0, 0, 0, 0, 0]).bytes + rest),
    Self("no role", Record(kind: 1, content: [1, 1, 1, 0, 0, 0, 0, 0]).bytes + rest),
    Self("the same beginning twice", begin + begin + rest),
    Self(
      "another request meanwhile", begin + Record(kind: 1, requestID: 2, content: [0, 1]).bytes),
    Self("parameters without a beginning", Record(kind: 4, content: [1, 1, 97, 97]).bytes),
    Self(
      "parameters of another request", begin + Record(kind: 4, requestID: 2, content: [1]).bytes),
    Self(
      "parameters after their end",
      begin + Record(kind: 4).bytes + Record(kind: 4, content: [1]).bytes),
    Self("a body before the parameters", begin + Record(kind: 5).bytes),
    Self(
      "a body of another request",
      begin + rest.dropLast(8) + Record(kind: 5, requestID: 7, content: [1, 2, 3]).bytes),
    Self("an abort at once", Record(kind: 2).bytes),
    Self("an abort", begin + Record(kind: 2).bytes),
    Self("an answer", begin + Record(kind: 6, content: [1]).bytes),
    Self("data for a filter", begin + Record(kind: 8).bytes),
    Self("a type that is none", begin + Record(kind: 99, content: [1, 2, 3]).bytes),
    Self(
      "a question",
      Record(kind: 9, requestID: 0, content: Record.pair("FCGI_MAX_CONNS", "")).bytes),
    Self(
      "four questions at once, whose answers overflow a buffer of libfcgi's",
      Record(
        kind: 9, requestID: 0,
        content: (0..<4).flatMap { _ in Record.pair("FCGI_MPXS_CONNS", "") }
      ).bytes),
    Self(
      "a question within a request",
      begin + Record(kind: 9, requestID: 0, content: Record.pair("FCGI_MAX_REQS", "")).bytes),
    // libfcgi takes such padding for the next record.
    Self("padding of the beginning", Record(kind: 1, content: responder, paddingBytes: 8).bytes),
    Self("padding of the parameters' end", begin + Record(kind: 4, paddingBytes: 8).bytes),
    Self(
      "padding of the body's end", begin + rest.dropLast(8) + Record(kind: 5, paddingBytes: 8).bytes
    ),
    Self(
      "padding without end",
      begin + (0..<100).flatMap { _ in Record(kind: 4, content: [0], paddingBytes: 255).bytes }),
    Self("a name of two gigabytes", parameters([0xff, 0xff, 0xff, 0xff, 1, 97, 97])),
    Self("a value of two gigabytes", parameters([1, 0xff, 0xff, 0xff, 0xfe, 97])),
    Self("a name past the end", parameters([120, 120, 97])),
    Self(
      "a NUL in a parameter", parameters([2, 2, 0, 0, 0, 0]), .whole(requestBytes: 46, bodyBytes: 0)
    ),
  ]
}
