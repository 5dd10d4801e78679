import TestSupport
import Testing

@testable import HoldAPI

/// The reader of ordinary bodies against `JSONDecoder`, over random bodies.
///
/// `HOLDFAST_TEST_SEED` replays the run that printed it.
@Suite struct OrdinaryBodyDifferenceTests {
  private static let rounds = 20_000

  @Test func whatIsReadIsWhatTheDecoderReads() {
    let seed = SeededGenerator.seed
    print("OrdinaryBodyDifferenceTests seed: \(seed)")
    var bodies = RandomBodies(seed: seed)
    var read = 0
    for round in 0..<Self.rounds {
      let body = bodies.next()
      if OrdinaryBody(body) != nil { read += 1 }
      let difference = BodyReading.difference(in: body)
      #expect(difference == nil, "seed \(seed), round \(round)")
    }
    // The bodies are neither all read nor all left.
    #expect((Self.rounds / 10...Self.rounds * 9 / 10).contains(read))
  }

  /// Readers that are wrong in one way each: were one of them not found out, the test above would
  /// prove nothing of that way.
  @Test(arguments: Mistake.allCases) func aWrongReaderIsFoundOut(mistake: Mistake) {
    let seed = SeededGenerator.seed
    var bodies = RandomBodies(seed: seed)
    let isFound = (0..<Self.rounds).contains { _ in
      BodyReading.difference(in: bodies.next()) { OrdinaryBody(mistake.made(in: $0)) } != nil
    }
    #expect(isFound, "seed \(seed)")
  }

  enum Mistake: CaseIterable {
    case ignoresTheEnd, takesInvalidUTF8, takesEscapesAsTheyAre, dropsTheFraction, takesRawControls
    case takesLeadingZeros, takesCommasBeforeBrackets

    func made(in body: [UInt8]) -> [UInt8] {
      let text = String(decoding: body, as: UTF8.self)
      switch self {
      case .ignoresTheEnd:
        return Array(body.prefix((body.lastIndex(of: UInt8(ascii: "}")) ?? 0) + 1))
      case .takesInvalidUTF8: return Array(text.utf8)
      case .takesEscapesAsTheyAre: return body.map { $0 == UInt8(ascii: "\\") ? 0x2F : $0 }
      case .dropsTheFraction: return Array(text.replacing(/(\d)\.\d+/) { $0.output.1 }.utf8)
      case .takesRawControls: return body.map { $0 < 0x20 ? 0x20 : $0 }
      case .takesLeadingZeros: return Array(text.replacing(/:0+(\d)/) { ":\($0.output.1)" }.utf8)
      case .takesCommasBeforeBrackets:
        return Array(text.replacing(/,([\]}])/) { $0.output.1 }.utf8)
      }
    }
  }
}
