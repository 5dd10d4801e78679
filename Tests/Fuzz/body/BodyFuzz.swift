import FoundationEssentials
import HoldAPI
import Holds

/// One endpoint, over a store that grants or refuses every request, compared with `JSONDecoder`.
struct BodyFuzz<Body: ExpectedBody> {
  /// How the message begins of each refusal that the decoder does not share.
  ///
  /// - It takes bytes with NULs among them for UTF-16 or UTF-32; a request is always UTF-8.
  /// - It does not check the UTF-8 of what it skips; all of a body is checked.
  /// - It allows 512 levels of nesting, on a worker's stack too many.
  /// - It accepts a comma before a closing bracket, which RFC 8259 does not.
  ///
  /// It also accepts some `\u` without four digits in what it skips: see `hasTruncatedEscape`.
  private static var stricter: [String] {
    [
      "the body: expected JSON in UTF-8, got a NUL byte",
      "the body: expected JSON in UTF-8, got an invalid byte",
      "the body: expected JSON of at most 32 nested levels, got more",
      "the body: expected JSON, got a comma before the closing bracket",
    ]
  }

  let path: String

  /// So narrow that the inputs reach them.
  private let bounds = APIBounds(
    maximumBodyBytes: 480, maximumTickets: 4, maximumTicketIDBytes: 20, maximumHoldIDBytes: 24)

  func run(_ body: [UInt8]) {
    let store = FuzzStore()
    let response = answer(body, store)
    let envelope = checkedEnvelope(of: response)
    let decoded = try? JSONDecoder().decode(Body.self, from: Data(body))
    guard response.status == 200 else {
      require(store.operations.isEmpty, "a refused request reached the store")
      let isStricter =
        Self.stricter.contains(where: envelope.message.hasPrefix)
        || envelope.message.hasSuffix("not JSON") && hasTruncatedEscape(body)
      require(
        response.status == 413 || isStricter || decoded?.operation == nil,
        "refused, but not by the decoder")
      return
    }
    require(store.operations.count == 1, "a granted request did not reach the store once")
    guard let expected = decoded?.operation else { fatalError("granted, but not by the decoder") }
    require(store.operations[0].isExactly(expected), "not what the decoder reads")
    guard case .lock(let lock) = store.operations[0] else { return }
    require(envelope.data.tickets?.utf8Bytes == lock.ticketIDs.utf8Bytes, "other tickets answered")
    let details = checkedEnvelope(of: answer(body, FuzzStore(refuses: true))).data.unavailable
    require((details != nil) == decoded?.wantsDetails, "not the details that were asked for")
  }

  /// Whether a `\u` lacks its four digits: for RFC 8259 that is no JSON, wherever it stands.
  private func hasTruncatedEscape(_ body: [UInt8]) -> Bool {
    body.indices.contains { index in
      guard body[index...].starts(with: #"\u"#.utf8) else { return false }
      let digits = body.dropFirst(index + 2).prefix(4)
      return !(digits.count == 4 && digits.allSatisfy { Character(Unicode.Scalar($0)).isHexDigit })
    }
  }

  private func answer(_ body: [UInt8], _ store: FuzzStore) -> APIResponse {
    let api = API(service: store, bounds: bounds)
    let request = APIRequest(
      method: "POST", path: path, contentType: "application/json", requestID: "r",
      body: Array(body.prefix(bounds.maximumBodyBytes + 1)))
    api.answer(request) { store.responses.append($0) }
    require(store.responses.count == 1, "not exactly one answer")
    return store.responses[0]
  }

  private func checkedEnvelope(of response: APIResponse) -> FuzzEnvelope {
    require([200, 400, 413].contains(response.status), "an unknown status")
    do {
      let envelope = try JSONDecoder().decode(FuzzEnvelope.self, from: Data(response.body))
      require(envelope.status == response.status, "two statuses")
      let isGranted = response.status == 413 ? nil : response.status == 200
      require(envelope.data.valido == isGranted, "a wrong valido")
      return envelope
    } catch {
      fatalError("an answer that is not the envelope: \(error)")
    }
  }

  /// Unlike `precondition`, it says what was wrong in an optimised build too.
  private func require(_ isSo: Bool, _ complaint: String) {
    if !isSo { fatalError(complaint) }
  }
}
