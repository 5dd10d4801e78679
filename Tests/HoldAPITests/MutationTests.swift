import Foundation
import HoldAPI
import Holds
import Testing

/// Bodies that were right until a seeded hand changed them: every one has an answer in the envelope.
///
/// `HOLDFAST_TEST_SEED` replays the run that printed it.
@Suite struct MutationTests {
  static let seeds: [(path: String, body: String)] = [
    ("/tickets_lock", #"{"data":{"ticketd_reserved":["E1-a","E1-b"],"reserved_time":600}}"#),
    (
      "/tickets_lock",
      #"{"x":{"y":[1e3,-0.5,null]},"data":{"ticketd_reserved":["\u00e9\ud83c\udf9f","é🎟"],"#
        + #""reserved_time":1.5,"hold_id":"0123456789abcdef","details":true}}"#
    ),
    ("/tickets_unlock_param", #"{"data":{"tickets":["E1-a","\"\\\n"],"hold_id":null}}"#),
  ]

  static let fragments = [
    "\"", "\\", "{", "}", "[", "]", ",", ":", "null", "true", "1e400", "-", "0", ".5", "\\u0000",
    "\\ud800", "\u{0}", "é", "\"data\"", "\"tickets\":[\"a\"]", "[[[[[[[[[[[[", "🎟", " ", "NaN",
  ].map { Array($0.utf8) }

  @Test func everyMutationHasAWellFormedAnswer() throws {
    let replayed = ProcessInfo.processInfo.environment["HOLDFAST_TEST_SEED"].flatMap(UInt64.init)
    let seed = replayed ?? UInt64.random(in: 1...UInt64.max)
    print("MutationTests seed: \(seed)")
    var random = SplitMix(state: seed)
    var statuses: [Int: Int] = [:]
    for round in 0..<20_000 {
      let (path, original) = Self.seeds[round % Self.seeds.count]
      var body = Array(original.utf8)
      for _ in 0..<Int.random(in: 1...3, using: &random) { mutate(&body, using: &random) }
      let client = Client(bounds: APIBounds(maximumBodyBytes: 400))
      let response = try client.ask("POST", path, body: body)
      statuses[response.status, default: 0] += 1
      expectWellFormed(response, client, "seed \(seed), round \(round): \(body)")
    }
    // The hand neither spoils all of them nor none.
    #expect(statuses[200, default: 0] > 500)
    #expect(statuses[400, default: 0] > 5000)
  }

  private func expectWellFormed(_ response: APIResponse, _ client: Client, _ comment: Comment) {
    let wasAsked = client.operations.count
    #expect(wasAsked == (response.status == 200 ? 1 : 0), comment)
    #expect([200, 400, 413].contains(response.status), comment)
    let data = try? response.members
    #expect(data != nil, comment)
    if response.status == 413 {
      #expect(data?.isEmpty == true, comment)
    } else {
      #expect(data?["valido"] as? Bool == (response.status == 200), comment)
    }
    #expect(response.text.hasPrefix(#"{"message":""#), comment)
    if response.status == 400 {
      #expect(!response.text.contains("0123456789abcde"), comment)
    }
    for operation in client.operations {
      let ids = operation.ticketIDs
      #expect((1...100).contains(ids.count), comment)
      #expect(Set(ids.map { Array($0.utf8) }).count == ids.count, comment)
      for id in ids {
        #expect((1...256).contains(id.utf8.count) && !id.utf8.contains(0), comment)
      }
      if case .lock(let lock) = operation {
        #expect((1...7200).contains(lock.reservedSeconds), comment)
      }
    }
  }

  private func mutate(_ body: inout [UInt8], using random: inout SplitMix) {
    let place = Int.random(in: 0..<max(1, body.count), using: &random)
    let end = min(body.count, place + Int.random(in: 1...12, using: &random))
    switch Int.random(in: 0..<7, using: &random) {
    case 0: body.insert(UInt8.random(in: 0...255, using: &random), at: min(place, body.count))
    case 1 where place < body.count: body[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
    case 2 where place < end: body.removeSubrange(place..<end)
    case 3: body.insert(contentsOf: body[min(place, end)..<end], at: min(place, body.count))
    case 4:
      let fragment = Self.fragments.randomElement(using: &random) ?? []
      body.insert(contentsOf: fragment, at: min(place, body.count))
    case 5: body.removeLast(Int.random(in: 0...min(3, body.count), using: &random))
    default:
      // Within a string this changes only its text.
      if place < body.count, (0x61...0x7A).contains(body[place]) { body[place] = 0x7A }
    }
  }

  /// SplitMix64: small, and the same on every machine.
  private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var mixed = state
      mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
      mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
      return mixed ^ (mixed >> 31)
    }
  }
}
