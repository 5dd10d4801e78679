import TestSupport
import Testing

@testable import FastCGI

/// Which bytes the gate takes for a whole request (FastCGI 1.0), and which it refuses.
@Suite struct RequestGateTests {
  private static let long = String(repeating: "v", count: 300)
  private static let body = Array("0123456789".utf8)
  private static let whole = Record.request(
    [("REQUEST_METHOD", "POST"), ("LONG", long), (long, "x"), ("EMPTY", "")], body: body)
  private static let begin = Record(
    kind: Record.beginRequest, content: [0, 1, 1, 0, 0, 0, 0, 0]
  ).bytes
  private static let usual = FastCGILimits.testing(parameterBytes: 16_384)
  private static let end = Record(kind: Record.params).bytes + Record(kind: Record.stdin).bytes

  private func judge(_ bytes: [UInt8], limits: FastCGILimits = usual) -> RequestGate.Verdict {
    RequestGate.judge(bytes.span, limits: limits)
  }

  @Test func aRequestIsWholeAtItsLastByteAndNotBefore() {
    let expected = RequestGate.Verdict.whole(requestBytes: Self.whole.count, bodyBytes: 10)
    for length in 0..<Self.whole.count {
      #expect(judge(Array(Self.whole[..<length])) == .incomplete, "\(length)")
    }
    #expect(judge(Self.whole) == expected)
    #expect(judge(Self.whole + [1, 2, 3]) == expected)
    #expect(judge(Self.whole + Self.whole) == expected)
  }

  @Test func streamsOfManyRecordsWithPadding() {
    let pairs = Record.pair("A", Self.long) + Record.pair("B", "b") + Record.pair("", "nobody's")
    var bytes = Self.begin
    for (index, byte) in pairs.enumerated() {
      bytes += Record(kind: Record.params, content: [byte], paddingBytes: UInt8(index % 16)).bytes
    }
    bytes += Record(kind: Record.params).bytes
    for byte in UInt8(0)...255 {
      bytes += Record(kind: Record.stdin, content: [byte, byte], paddingBytes: byte).bytes
    }
    bytes += Record(kind: Record.stdin).bytes
    #expect(judge(bytes) == .whole(requestBytes: bytes.count, bodyBytes: 512))
  }

  @Test func lengthsOfFourBytesThatOneWouldDoFor() {
    let pair: [UInt8] = [0x80, 0, 0, 1, 0x80, 0, 0, 2] + Array("Nab".utf8)
    let bytes = Self.begin + Record(kind: Record.params, content: pair).bytes + Self.end
    #expect(judge(bytes) == .whole(requestBytes: bytes.count, bodyBytes: 0))
  }

  @Test func aBodyPastTheBoundIsNotWaitedFor() {
    for (count, isTooLarge) in [(99, false), (100, false), (101, true), (65_636, true)] {
      let bytes = Record.request(body: [UInt8](repeating: 1, count: count))
      let expected =
        isTooLarge
        ? .bodyTooLarge
        : RequestGate.Verdict.whole(
          requestBytes: bytes.count, bodyBytes: count)
      #expect(judge(bytes, limits: .testing(bodyBytes: 100)) == expected)
      // The rest of it need not come.
      if isTooLarge {
        #expect(judge(Array(bytes.prefix(200)), limits: .testing(bodyBytes: 100)) == expected)
      }
    }
  }

  /// Negative control.
  @Test func withoutTheBoundALargerBodyIsWaitedFor() {
    let bytes = Record.request(body: [UInt8](repeating: 1, count: 65_636))
    #expect(judge(bytes, limits: .testing(bodyBytes: 100_000)).isWhole)
    #expect(judge(Array(bytes.prefix(200)), limits: .testing(bodyBytes: 100_000)) == .incomplete)
  }

  /// A length is refused before the bytes that it announces have come.
  @Test(arguments: [
    [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], [1, 0xff, 0xff, 0xff, 0xfe],
    [0xff, 0xff, 0xff, 0xff, 1], [0x80, 0, 0x40, 0, 0], [1, 0x80, 0, 0x3f, 0xfb],
    [0xff, 0xff, 0xff, 0xff, 0x80, 0, 0, 1],
    // libfcgi adds these up to a negative number, and aborts.
    [0xc0, 0, 0, 0, 0xc0, 0, 0, 0],
  ])
  func lengthsPastTheBound(bytes: [UInt8]) {
    for before in [[], Record.pair("A", "b")] {
      #expect(judge(Self.begin + Record(kind: 4, content: before + bytes).bytes) == .refused)
      // Also where records divide it.
      let split = (before + bytes).flatMap { Record(kind: 4, content: [$0]).bytes }
      #expect(judge(Self.begin + split) == .refused)
    }
  }

  @Test(arguments: [
    [1], [1, 1], [1, 1, 97], [0x80], [0x80, 0, 0], [0x80, 0, 0, 1], [0x80, 0, 0, 1, 0x80],
    [1, 0x80, 0, 0, 1, 97], [120, 120, 97], [0, 5], [5, 0, 97],
  ])
  func parametersThatEndWithinAPair(bytes: [UInt8]) {
    let records = Self.begin + Record(kind: Record.params, content: bytes).bytes
    #expect(judge(records) == .incomplete)
    #expect(judge(records + Self.end) == .refused)
  }

  private func isWhole(_ parameters: [UInt8], limits: FastCGILimits = usual) -> Bool {
    let bytes =
      Self.begin + Record.stream(Record.params, parameters)
      + Record(kind: Record.stdin).bytes
    return judge(bytes, limits: limits) == .whole(requestBytes: bytes.count, bodyBytes: 0)
  }

  /// A parameter whose value has so many bytes.
  private func pair(_ count: Int) -> [UInt8] {
    [0, 0x80, UInt8(count >> 16), UInt8(count >> 8 & 255), UInt8(count & 255)]
      + [UInt8](repeating: 97, count: count)
  }

  /// Negative control.
  @Test func withoutTheBoundLongerParametersAreRead() {
    for count in [16_380, 65_000] {
      #expect(isWhole(pair(count), limits: .testing(parameterBytes: 100_000)), "\(count)")
    }
  }

  @Test func parametersUpToTheBound() {
    for (count, fits) in [(16_379, true), (16_380, false), (65_000, false)] {
      #expect(isWhole(pair(count)) == fits, "\(count)")
    }
    let many = (0..<256).flatMap { Record.pair("N\($0)", "v") }
    #expect(isWhole(many))
    #expect(!isWhole(many + Record.pair("M", "v")))
  }

  @Test(arguments: HostileStream.all)
  func whatNoWebServerSends(stream: HostileStream) {
    let limits = FastCGILimits.testing(parameterBytes: 300, bodyBytes: 100)
    #expect(judge(stream.bytes, limits: limits) == stream.verdict)
  }
}

extension RequestGate.Verdict {
  fileprivate var isWhole: Bool { if case .whole = self { true } else { false } }
}
