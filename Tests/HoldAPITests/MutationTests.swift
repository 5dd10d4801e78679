import HoldAPI
import Holds
import TestSupport
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

  @Test func everyMutationHasAWellFormedAnswer() throws {
    let seed = SeededGenerator.seed
    print("MutationTests seed: \(seed)")
    var random = SeededGenerator(seed: seed)
    var statuses: [Int: Int] = [:]
    for round in 0..<20_000 {
      let (path, original) = Self.seeds[round % Self.seeds.count]
      var body = Array(original.utf8)
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        BodyMutation.change(&body, using: &random)
      }
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
}
