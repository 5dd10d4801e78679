import Foundation
import HoldAPI
import Holds
import Testing

/// Asks an API over a recording store, and checks what every answer must have.
struct Client {
  static let requestID = "req-1.A_z"

  let service: RecordingHoldService
  let api: API

  /// How much of a body the server keeps.
  private let bodyBytes: Int

  init(
    _ service: RecordingHoldService = RecordingHoldService(), bounds: APIBounds = APIBounds(),
    metrics: (@Sendable () -> [UInt8])? = nil
  ) {
    self.service = service
    api = API(service: service, bounds: bounds, metrics: metrics)
    bodyBytes = bounds.maximumBodyBytes + 1
  }

  /// The one response to a request; its body is cut as the server would cut it.
  func ask(
    _ method: String, _ path: String, contentType: String? = "application/json", body: [UInt8],
    headers: [String: [UInt8]] = [:], expecting answerType: String = "application/json"
  ) throws -> APIResponse {
    let answers = Answers()
    api.answer(
      APIRequest(
        method: method, path: path, contentType: contentType, requestID: Self.requestID,
        body: Array(body.prefix(bodyBytes)), headerValue: { headers["\($0)"] })
    ) { answers.all.append($0) }
    #expect(answers.all.count == 1)
    let response = try #require(answers.all.first)
    #expect(
      response.headers.prefix(3) == [
        "Content-Type: \(answerType)", "Cache-Control: no-store", "X-Request-Id: \(Self.requestID)",
      ])
    return response
  }

  func ask(
    _ method: String, _ path: String, contentType: String? = "application/json",
    _ body: String = "", expecting answerType: String = "application/json"
  ) throws -> APIResponse {
    try ask(
      method, path, contentType: contentType, body: Array(body.utf8), expecting: answerType)
  }

  func lock(_ body: String) throws -> APIResponse { try ask("POST", "/tickets_lock", body) }

  func release(_ body: String) throws -> APIResponse {
    try ask("POST", "/tickets_unlock_param", body)
  }

  /// The operations that the store was given.
  var operations: [HoldOperation] {
    service.calls.compactMap { if case .submit(let operation) = $0 { operation } else { nil } }
  }

  /// Unchecked: the recording store answers on the thread that asks.
  private final class Answers: @unchecked Sendable {
    var all: [APIResponse] = []
  }
}

extension APIResponse {
  /// All headers, in the order in which they are sent.
  var headers: [String] {
    var headers: [String] = []
    forEachHeader { headers.append("\($0): \($1)") }
    return headers
  }

  var text: String { String(decoding: body, as: UTF8.self) }

  /// The members of `data`, read by Foundation; fails when the body is not a whole envelope.
  var members: [String: Any] {
    get throws {
      let envelope = try #require(
        try JSONSerialization.jsonObject(with: Data(body)) as? [String: Any])
      #expect(Set(envelope.keys) == ["message", "status", "data"])
      #expect(envelope["status"] as? Int == status)
      #expect(envelope["message"] is String)
      return try #require(envelope["data"] as? [String: Any])
    }
  }

  func value(of header: String) -> String? {
    var found: String?
    forEachHeader { name, value in if name == header { found = found ?? value } }
    return found
  }
}

/// The whole body of a 400 with this message, which is given as JSON spells it.
func refusal(_ message: String) -> String {
  #"{"message":"\#(message)","status":400,"data":{"valido":false}}"#
}
