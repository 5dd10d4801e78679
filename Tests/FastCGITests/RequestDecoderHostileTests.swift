import TestSupport
import Testing

@testable import FastCGI

/// Lengths that lie, records out of place, too much of anything: refused at once, and within bounds.
@Suite struct RequestDecoderHostileTests {
  private static let begin = Record(
    kind: Record.beginRequest, content: [0, 1, 1, 0, 0, 0, 0, 0]
  ).bytes
  private static let end = Record(kind: Record.params).bytes + Record(kind: Record.stdin).bytes

  private func violation(parameters: [UInt8], ends: Bool) -> ProtocolViolation? {
    let records = Record.stream(Record.params, parameters).dropLast().flatMap(\.bytes)
    return Decoded(Self.begin + records + (ends ? Self.end : [])).violation
  }

  /// Refused before the bytes that they announce have come: nothing is waited for.
  @Test(arguments: [
    [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], [1, 0xff, 0xff, 0xff, 0xfe],
    [0xff, 0xff, 0xff, 0xff, 1], [0x80, 0, 0x40, 0, 0], [1, 0x80, 0, 0x3f, 0xfb],
    [0xff, 0xff, 0xff, 0xff, 0x80, 0, 0, 1],
  ])
  func lengthsPastTheBound(bytes: [UInt8]) {
    #expect(violation(parameters: bytes, ends: false) == .tooManyParameters)
    #expect(
      violation(parameters: Record.pair("A", "b") + bytes, ends: false) == .tooManyParameters)
  }

  @Test(arguments: [
    [1], [1, 1], [1, 1, 97], [0x80], [0x80, 0, 0], [0x80, 0, 0, 1], [0x80, 0, 0, 1, 0x80],
    [1, 0x80, 0, 0, 1, 97], [120, 120, 97], [0, 5], [5, 0, 97],
  ])
  func lengthsPastTheEnd(bytes: [UInt8]) {
    #expect(violation(parameters: bytes, ends: false) == nil)
    #expect(violation(parameters: bytes, ends: true) == .truncatedParameter)
  }

  @Test func parametersUpToTheBound() {
    for (count, expected) in [
      (16_379, nil), (16_380, .tooManyParameters), (200_000, .tooManyParameters),
    ] as [(Int, ProtocolViolation?)] {
      let pair = [0, 0x80, UInt8(count >> 16), UInt8(count >> 8 & 255), UInt8(count & 255)]
      let content = pair + [UInt8](repeating: 97, count: count)
      #expect(violation(parameters: content, ends: true) == expected, "\(count)")
    }
    let many = (0..<256).flatMap { Record.pair("N\($0)", "v") }
    #expect(violation(parameters: many, ends: true) == nil)
    #expect(
      violation(parameters: many + Record.pair("M", "v"), ends: true) == .tooManyParameters)
    // Nothing is kept of these, and still they are bounded.
    let empty = [UInt8](repeating: 0, count: 16_384)
    #expect(violation(parameters: empty, ends: true) == nil)
    #expect(violation(parameters: empty + [0, 0], ends: true) == .tooManyParameters)
  }

  private static let misplaced: [(String, [UInt8], ProtocolViolation)] = [
    ("version 0", Record(version: 0, kind: 1, content: [0]).bytes, .unsupportedVersion),
    ("version 2", begin + Record(version: 2, kind: 4).bytes, .unsupportedVersion),
    ("HTTP", Array("GET / HTTP/1.1\r\n".utf8), .unsupportedVersion),
    (
      "a beginning of 7 bytes", Record(kind: 1, content: [0, 1, 1, 0, 0, 0, 0]).bytes,
      .malformedRecord
    ),
    (
      "a beginning of 60,000 bytes",
      Array(Record(kind: 1, content: [UInt8](repeating: 0, count: 60_000)).bytes[..<8]),
      .malformedRecord
    ),
    ("the same beginning twice", begin + begin, .unexpectedRecord),
    ("a body before the parameters", begin + Record(kind: 5).bytes, .unexpectedRecord),
    (
      "parameters after their end",
      begin + Record(kind: 4).bytes + Record(kind: 4, content: [1]).bytes, .unexpectedRecord
    ),
    ("an answer", begin + Record(kind: 6, content: [1]).bytes, .unexpectedRecord),
    ("an end", begin + Record(kind: 3).bytes, .unexpectedRecord),
    ("data for a filter", begin + Record(kind: 8).bytes, .unexpectedRecord),
    ("a question about a request", begin + Record(kind: 9).bytes, .unexpectedRecord),
    ("a beginning of no request", Record(kind: 1, requestID: 0).bytes, .unexpectedRecord),
    ("a body of no request", Record(kind: 5, requestID: 0).bytes, .unexpectedRecord),
    (
      "a question that is too long",
      Array(
        Record(kind: 9, requestID: 0, content: [UInt8](repeating: 0, count: 1025)).bytes[..<8]),
      .malformedRecord
    ),
    (
      "a question that breaks off", Record(kind: 9, requestID: 0, content: [5, 0, 97]).bytes,
      .truncatedParameter
    ),
  ]

  @Test(arguments: misplaced.indices)
  func recordsOutOfPlace(index: Int) {
    let (name, bytes, violation) = Self.misplaced[index]
    #expect(Decoded(bytes).violation == violation, "\(name)")
  }

  @Test func mutationsStayWithinBounds() {
    let seed = SeededGenerator.seed
    print("HOLDFAST_TEST_SEED=\(seed) replays these bytes")
    var random = SeededGenerator(seed: seed)
    let limits = FastCGILimits.testing(parameterBytes: 1000, bodyBytes: 500)
    let good =
      Record.request([("A", "b"), ("LONG", String(repeating: "é", count: 150))], body: [1, 2, 3])
      + Record(kind: Record.getValues, requestID: 0, content: [1, 0, 97]).bytes
      + Record.request(body: [UInt8](repeating: 7, count: 600))
    #expect(Decoded(good, limits: limits).requests.count == 2)
    var requests = 0
    for round in 0..<4000 {
      var bytes = good
      for _ in 0..<Int.random(in: 1...5, using: &random) {
        let index = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0...3, using: &random) {
        case 0: bytes.removeSubrange(index..<min(bytes.count - 1, index + 20))
        case 1: bytes.insert(contentsOf: bytes[index...].prefix(30), at: index)
        case 2: bytes[index] ^= 1 << UInt8.random(in: 0...7, using: &random)
        default: bytes[index] = [0, 1, 0x7f, 0x80, 0xff].randomElement(using: &random)!
        }
      }
      let cut = Int.random(in: 0...bytes.count, using: &random)
      let decoded = Decoded(
        [Array(bytes[..<cut]), Array(bytes[cut...])], limits: limits, measures: true)
      // Strings are longer where what is not UTF-8 has been replaced.
      #expect(decoded.mostHeldBytes <= 3 * 1000 + 500 + 1024, "seed \(seed), round \(round)")
      #expect(decoded.requests.allSatisfy { $0.body.count <= 500 })
      let bytewise = Decoded(bytes.map { [$0] }, limits: limits)
      #expect(bytewise.requests == decoded.requests, "seed \(seed), round \(round)")
      #expect(bytewise.violation == decoded.violation, "seed \(seed), round \(round)")
      requests += decoded.requests.count
    }
    #expect(requests > 1000)
  }
}
