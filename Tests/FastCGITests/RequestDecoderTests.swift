import TestSupport
import Testing

@testable import FastCGI

/// What the decoder makes of what a web server may send (FastCGI 1.0).
@Suite struct RequestDecoderTests {
  private static let long = String(repeating: "v", count: 300)
  private static let whole = Record.request(
    [("REQUEST_METHOD", "POST"), ("LONG", long), (long, "x"), ("EMPTY", "")],
    body: Array("0123456789".utf8))

  @Test func aRequestInOneRead() throws {
    let decoded = Decoded(Self.whole)
    let request = try #require(decoded.requests.first)
    #expect(decoded.requests.count == 1 && decoded.replies.isEmpty && decoded.isBetweenRequests)
    #expect(request.requestID == 1 && request.keepsConnection && !request.isBodyTruncated)
    #expect(request.body == Array("0123456789".utf8))
    #expect(
      request.parameters == [
        FastCGIParameter(name: "REQUEST_METHOD", value: "POST"),
        FastCGIParameter(name: "LONG", value: Self.long),
        FastCGIParameter(name: Self.long, value: "x"),
      ])
  }

  @Test func howItIsSplitMakesNoDifference() {
    let bytes = Self.whole + Self.management + Self.whole
    let expected = Decoded(bytes)
    #expect(expected.requests.count == 2 && !expected.replies.isEmpty)
    for cut in 0...bytes.count {
      #expect(Decoded([Array(bytes[..<cut]), Array(bytes[cut...])]) == expected, "cut at \(cut)")
    }
    #expect(Decoded(bytes.map { [$0] }) == expected)
  }

  @Test func aRequestHasBegunUntilItEnds() {
    for length in 1..<Self.whole.count {
      let decoded = Decoded(Array(Self.whole[..<length]))
      #expect(decoded.requests.isEmpty && !decoded.isBetweenRequests && decoded.violation == nil)
    }
  }

  @Test func requestsOneBehindTheOther() {
    let bytes = (0..<20).flatMap { Record.request([("N", "\($0)")], body: [UInt8($0)]) }
    let requests = Decoded(bytes).requests
    #expect(requests.map { $0.value("N") } == (0..<20).map { "\($0)" })
    #expect(requests.map(\.body) == (0..<20).map { [UInt8($0)] })
  }

  @Test func streamsOfManyRecordsWithPadding() throws {
    let pairs = Record.pair("A", Self.long) + Record.pair("B", "b") + Record.pair("", "nobody's")
    var bytes = Self.begin()
    for (index, byte) in pairs.enumerated() {
      bytes +=
        Record(kind: Record.params, content: [byte], paddingBytes: UInt8(index % 256)).bytes
    }
    bytes += Record(kind: Record.params, paddingBytes: 255).bytes
    for byte in UInt8(0)...255 {
      bytes += Record(kind: Record.stdin, content: [byte, byte], paddingBytes: byte).bytes
    }
    bytes += Record(kind: Record.stdin, paddingBytes: 7).bytes
    let decoded = Decoded(bytes)
    let request = try #require(decoded.requests.first)
    #expect(request.parameters.count == 2)
    #expect(request.value("A") == Self.long && request.value("B") == "b")
    #expect(request.body == (UInt8(0)...255).flatMap { [$0, $0] })
    #expect(decoded.isBetweenRequests)
  }

  @Test func lengthsOfFourBytesThatOneWouldDoFor() throws {
    let pair: [UInt8] = [0x80, 0, 0, 1, 0x80, 0, 0, 2] + Array("Nab".utf8)
    let bytes = Self.begin() + Self.stream(Record.params, pair) + Self.stream(Record.stdin, [])
    #expect(try #require(Decoded(bytes).requests.first).value("N") == "ab")
  }

  @Test func theConnectionIsKeptWhenAsked() throws {
    for keeps in [true, false] {
      let request = try #require(Decoded(Record.request(keepsConnection: keeps)).requests.first)
      #expect(request.keepsConnection == keeps)
    }
  }

  @Test func aBodyPastTheBoundIsCut() throws {
    for (count, isCut) in [(99, false), (100, false), (101, true), (65_636, true)] {
      let body = [UInt8](repeating: 1, count: count)
      let decoded = Decoded(
        Record.request(body: body) + Record.request(), limits: .testing(bodyBytes: 100))
      let request = try #require(decoded.requests.first)
      #expect(request.body.count == min(100, count) && request.isBodyTruncated == isCut)
      #expect(decoded.requests.count == 2, "\(count)")
    }
  }

  @Test func aBodyFarPastTheBoundEndsTheConnection() throws {
    let body = [UInt8](repeating: 1, count: 65_637)
    let decoded = Decoded(Record.request(body: body), limits: .testing(bodyBytes: 100))
    let request = try #require(decoded.requests.first)
    #expect(request.body.count == 100 && request.isBodyTruncated && !request.keepsConnection)
  }

  @Test func anotherRequestMeanwhileIsRefused() {
    let other = Record(
      kind: Record.beginRequest, requestID: 0x0203, content: [0, 1, 1, 0, 0, 0, 0, 0])
    let itsInput = Record(kind: Record.stdin, requestID: 0x0203, content: [1, 2, 3])
    let decoded = Decoded(
      Self.begin() + other.bytes + Self.stream(Record.params, Record.pair("N", "1"))
        + itsInput.bytes + Self.stream(Record.stdin, [9]))
    // FCGI_CANT_MPX_CONN
    #expect(decoded.replies == [1, 3, 2, 3, 0, 8, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0])
    #expect(decoded.requests.map(\.body) == [[9]])
  }

  @Test(arguments: [2, 3, 4, 0x0909] as [UInt16])
  func anotherRoleIsRefused(role: UInt16) {
    let content: [UInt8] = [UInt8(role >> 8), UInt8(role & 255), 1, 0, 0, 0, 0, 0]
    let begin = Record(kind: Record.beginRequest, content: content)
    let rest = Self.stream(Record.params, [1, 1, 97, 97]) + Self.stream(Record.stdin, [1])
    let decoded = Decoded(begin.bytes + rest + Self.whole)
    // FCGI_UNKNOWN_ROLE
    #expect(decoded.replies == [1, 3, 0, 1, 0, 8, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0])
    #expect(decoded.requests.count == 1 && !decoded.closes)
  }

  @Test func anAbortedRequestIsOver() {
    let abort = Record(kind: Record.abortRequest).bytes
    let decoded = Decoded(abort + Self.begin() + abort + abort + Self.whole)
    #expect(decoded.replies == [1, 3, 0, 1, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
    #expect(decoded.requests.count == 1 && !decoded.closes)
    #expect(Decoded(Self.begin(keeps: false) + abort).closes)
  }

  @Test func valuesAreTold() {
    let names = ["FCGI_MPXS_CONNS", "FCGI_MAX_CONNS", "FCGI_MAX_CONNS", "OTHER", ""]
    let asked = Record(
      kind: Record.getValues, requestID: 0, content: names.flatMap { Record.pair($0, "") })
    let content = Record.pair("FCGI_MAX_CONNS", "100") + Record.pair("FCGI_MPXS_CONNS", "0")
    #expect(
      Decoded(asked.bytes).replies == Record(kind: 10, requestID: 0, content: content).bytes)
  }

  @Test(arguments: [10, 11, 12, 99, 255] as [UInt8])
  func anUnknownManagementRecordIsSaidToBe(kind: UInt8) {
    let record = Record(kind: kind, requestID: 0, content: [1, 2, 3], paddingBytes: 5)
    let decoded = Decoded(record.bytes + Self.whole)
    #expect(decoded.replies == [1, 11, 0, 0, 0, 8, 0, 0, kind, 0, 0, 0, 0, 0, 0, 0])
    #expect(decoded.requests.count == 1)
  }

  @Test func recordsOfNoRequestAreIgnored() {
    let records = (UInt8(2)...20).map { Record(kind: $0, requestID: 7, content: [1, 2, 3]) }
    #expect(Decoded(records.flatMap(\.bytes) + Self.whole).requests.count == 1)
    #expect(Decoded(Self.begin() + records.flatMap(\.bytes)).violation == nil)
  }

  private static let management =
    Record(kind: Record.getValues, requestID: 0, content: Record.pair("FCGI_MAX_REQS", "")).bytes
    + Record(kind: 77, requestID: 0, content: [1, 2, 3], paddingBytes: 3).bytes

  private static func begin(keeps: Bool = true) -> [UInt8] {
    Record(kind: Record.beginRequest, content: [0, 1, keeps ? 1 : 0, 0, 0, 0, 0, 0]).bytes
  }

  private static func stream(_ kind: UInt8, _ content: [UInt8]) -> [UInt8] {
    Record.stream(kind, content).flatMap(\.bytes)
  }
}
