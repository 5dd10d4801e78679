import FoundationEssentials
import Holds

@testable import HoldAPI

/// One endpoint, over a store that grants or refuses whatever it is asked.
struct BodyFuzz<Body: RequestBody> {
  let path: String
  let makeOperation: (Body, APIBounds) throws(BadRequest) -> HoldOperation

  /// So narrow that the inputs reach them.
  private let bounds = APIBounds(
    maximumBodyBytes: 480, maximumTickets: 4, maximumTicketIDBytes: 20, maximumHoldIDBytes: 24)

  init(
    path: String,
    makeOperation: @escaping (Body, APIBounds) throws(BadRequest) -> HoldOperation
  ) {
    self.path = path
    self.makeOperation = makeOperation
  }

  func run(_ body: [UInt8]) {
    let store = FuzzStore()
    let response = answer(body, store)
    let data = checkedData(of: response)
    guard response.status == 200 else {
      return require(store.operations.isEmpty, "a refused request reached the store")
    }
    require(store.operations.count == 1, "a granted request did not reach the store once")
    checkBounds(of: store.operations[0])
    if case .lock(let lock) = store.operations[0] {
      require(data.tickets?.utf8Bytes == lock.ticketIDs.utf8Bytes, "other tickets answered")
    }
    checkAgainstDecoder(body, store.operations[0])
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

  /// The answer's `data`, which is read as far as it holds what came with the request.
  private func checkedData(of response: APIResponse) -> FuzzEnvelope.Content {
    require([200, 400, 413].contains(response.status), "an unknown status")
    do {
      try BodyScan.check(response.body)
      let envelope = try JSONDecoder().decode(FuzzEnvelope.self, from: Data(response.body))
      require(envelope.status == response.status, "two statuses")
      let isGranted = response.status == 413 ? nil : response.status == 200
      require(envelope.data.valido == isGranted, "a wrong valido")
      return envelope.data
    } catch {
      fatalError("an answer that is not the envelope: \(error)")
    }
  }

  private func checkBounds(of operation: HoldOperation) {
    let tickets = operation.ticketIDs.utf8Bytes
    require((1...4).contains(tickets.count), "a wrong number of tickets")
    require(Set(tickets).count == tickets.count, "a ticket twice")
    for ticket in tickets {
      require((1...20).contains(ticket.count) && !ticket.contains(0), "a wrong ticket id")
    }
    if let holdID = operation.holdID {
      let isRight = holdID.secret.wholeMatch(of: /[A-Za-z0-9._-]{16,24}/) != nil
      require(isRight, "a wrong hold_id")
    }
    if case .lock(let lock) = operation {
      require((1...7200).contains(lock.reservedSeconds), "a wrong reserved_time")
    }
  }

  /// An ordinary body is read without `JSONDecoder`, which must have read the same.
  private func checkAgainstDecoder(_ body: [UInt8], _ operation: HoldOperation) {
    do throws(BadRequest) {
      let decoded = try BodyReader(bounds: bounds).decode(Body.self, from: body)
      let expected = try makeOperation(decoded, bounds)
      require(operation.isExactly(expected), "not what the decoder reads")
      guard let lock = decoded as? LockBody else { return }
      let refused = answer(body, FuzzStore(refuses: true))
      let details = checkedData(of: refused).unavailable
      require((details != nil) == lock.wantsDetails, "not the details that were asked for")
    } catch {
      fatalError("granted, but the decoder refuses it: \(error.message)")
    }
  }

  /// Unlike `precondition`, it says what was wrong in an optimised build too.
  private func require(_ isSo: Bool, _ complaint: String) {
    if !isSo { fatalError(complaint) }
  }
}
