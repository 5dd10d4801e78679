import Foundation
import Holds
import TestSupport
import Testing

@testable import HoldAPI

/// Random changes of good bodies: what is read of them is what `JSONDecoder` reads, and every one has a
/// well-formed answer. The fuzz target `body` does the same, guided by coverage.
///
/// `HOLDFAST_TEST_SEED` replays the run that printed it.
@Suite struct DecoderComparisonTests {
  private static let rounds = 20_000
  private static let holdID = "0123456789abcdef"

  private static let bodies = [
    #"{"data":{"ticketd_reserved":["E1-a","E1-b"],"reserved_time":600}}"#,
    #"{"x":{"y":[1e3,-0.5,null]},"data":{"ticketd_reserved":["\u00e9\ud83c\udf9f","é🎟"],"#
      + #""reserved_time":12.5,"hold_id":"\#(holdID)","details":true}}"#,
    #"{"data":{"reserved_time":600,"ticketd_reserved":["a"],"#
      + #""reserved_time":700,"t\u0069ckets":[[]]},"data":{}}"#,
  ].map { Array($0.utf8) }

  /// What `JSONDecoder` reads of a lock; nil when it refuses.
  private struct Expected: Decodable {
    struct Content: Decodable {
      var ticketd_reserved: [String]
      var reserved_time: Double
      var hold_id: String?
      var details: Bool?
    }
    var data: Content
  }

  private func mutated(_ round: Int, using random: inout SeededGenerator) -> [UInt8] {
    var body = Self.bodies[round % Self.bodies.count]
    for _ in 0..<Int.random(in: 1...3, using: &random) {
      BodyMutation.change(&body, using: &random)
    }
    return body
  }

  /// Bytes, bits and flags: Swift's strings and numbers call equal what is not the same.
  private func described(
    _ ids: [String], _ seconds: Double, _ holdID: String?, _ details: Bool
  ) -> String {
    "\(ids.map { Array($0.utf8) }) \(seconds.bitPattern) \(Array(holdID?.utf8 ?? "".utf8)) \(details)"
  }

  private func expected(_ body: [UInt8]) -> String? {
    guard let data = try? JSONDecoder().decode(Expected.self, from: Data(body)).data else {
      return nil
    }
    let ids = data.ticketd_reserved.reduce(into: [String]()) { ids, id in
      if !ids.contains(where: { $0.utf8.elementsEqual(id.utf8) }) { ids.append(id) }
    }
    guard !ids.isEmpty, ids.allSatisfy({ (1...256).contains($0.utf8.count) }),
      !ids.contains(where: { $0.utf8.contains(0) }), (1...7200).contains(data.reserved_time),
      data.hold_id?.wholeMatch(of: /[A-Za-z0-9._\-]{16,128}/) != nil || data.hold_id == nil
    else { return nil }
    return described(ids, data.reserved_time, data.hold_id, data.details ?? false)
  }

  /// What the API reads, or how it refuses.
  private func read(_ body: [UInt8]) -> (request: String?, refusal: String) {
    let request = APIRequest(
      method: "POST", path: "/tickets_lock", contentType: "application/json", requestID: "r",
      body: body)
    do throws(BadRequest) {
      let members = try RequestMembers(of: request, bounds: APIBounds(), example: "")
      let text = described(
        try members.ticketIDs(.ticketdReserved), try members.reservedSeconds(),
        try members.holdID()?.secret, try members.flag(.details))
      return (text, "")
    } catch {
      return (nil, error.message)
    }
  }

  /// The same differences as the fuzz target's: there they are explained.
  private func isOwnRefusal(_ message: String, of body: [UInt8]) -> Bool {
    let truncatedEscape = /\\u(?![0-9A-Fa-f]{4})/
    return message.contains("JSON in UTF-8") || message.contains("nested levels")
      || message.contains("comma before")
      || message.hasSuffix("not JSON")
        && String(decoding: body, as: UTF8.self).firstMatch(of: truncatedEscape) != nil
  }

  private func differs(_ body: [UInt8], from changed: [UInt8]) -> Bool {
    let (request, refusal) = read(changed)
    return request != expected(body) && !(request == nil && isOwnRefusal(refusal, of: changed))
  }

  @Test func whatIsReadIsWhatTheDecoderReads() {
    let seed = SeededGenerator.seed
    print("DecoderComparisonTests seed: \(seed)")
    var random = SeededGenerator(seed: seed)
    var readCount = 0
    for round in 0..<Self.rounds {
      let body = mutated(round, using: &random)
      if read(body).request != nil { readCount += 1 }
      #expect(!differs(body, from: body), "seed \(seed), round \(round): \(body)")
    }
    // The changes neither spoil all of them nor none.
    #expect((Self.rounds / 20...Self.rounds * 9 / 10).contains(readCount), "\(readCount)")
  }

  @Test func everyBodyHasAWellFormedAnswer() throws {
    let seed = SeededGenerator.seed
    var random = SeededGenerator(seed: seed)
    for round in 0..<Self.rounds / 4 {
      let body = mutated(round, using: &random)
      let client = Client(bounds: APIBounds(maximumBodyBytes: 400))
      let response = try client.ask("POST", "/tickets_lock", body: body)
      let comment = Comment(rawValue: "seed \(seed), round \(round): \(body)")
      #expect([200, 400, 413].contains(response.status), comment)
      let isGranted = response.status == 200
      #expect(client.operations.count == (isGranted ? 1 : 0), comment)
      let data = try response.members
      #expect(data["valido"] as? Bool == (response.status == 413 ? nil : isGranted), comment)
      #expect(isGranted || !response.text.contains(Self.holdID.dropLast()), comment)
    }
  }

  /// Readers that are wrong in one way each: the comparison must find each of them.
  @Test(arguments: Mistake.allCases) func aWrongReaderIsFound(mistake: Mistake) {
    let seed = SeededGenerator.seed
    var random = SeededGenerator(seed: seed)
    let isFound = (0..<Self.rounds).contains { round in
      let body = mutated(round, using: &random)
      return differs(body, from: mistake.made(in: body))
    }
    #expect(isFound, "seed \(seed)")
  }

  enum Mistake: CaseIterable {
    case ignoresTheEnd, takesEscapesAsTheyAre, dropsTheFraction, takesRawControls
    case takesLeadingZeros, takesTheLastOfTwo

    func made(in body: [UInt8]) -> [UInt8] {
      let text = String(decoding: body, as: UTF8.self)
      switch self {
      case .ignoresTheEnd:
        return Array(body.prefix((body.lastIndex(of: UInt8(ascii: "}")) ?? 0) + 1))
      case .takesEscapesAsTheyAre: return body.map { $0 == UInt8(ascii: "\\") ? 0x2F : $0 }
      case .dropsTheFraction: return Array(text.replacing(/(\d)\.\d+/) { $0.output.1 }.utf8)
      case .takesRawControls: return body.map { $0 < 0x20 ? 0x20 : $0 }
      case .takesLeadingZeros: return Array(text.replacing(/:0+(\d)/) { ":\($0.output.1)" }.utf8)
      case .takesTheLastOfTwo:
        return Array(text.replacing(/"reserved_time":600,(.*"reserved_time")/) { $0.output.1 }.utf8)
      }
    }
  }
}
