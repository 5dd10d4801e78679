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

  /// - Parameter outcome: What becomes of each operation; nil does what a good store does.
  init(
    outcome: HoldOutcome? = nil, seatMaps: (any SeatMapService)? = nil,
    bounds: APIBounds = APIBounds(), access: APIAccess? = nil, openAPI: [UInt8] = [],
    metrics: (@Sendable () -> [UInt8])? = nil
  ) {
    service = RecordingHoldService(outcome: outcome)
    api = API(
      service: service, seatMaps: seatMaps, bounds: bounds, access: access, openAPI: openAPI,
      metrics: metrics)
    bodyBytes = bounds.maximumBodyBytes + 1
  }

  /// The one response to a request; its body is cut as the server would cut it.
  ///
  /// - Parameter answerType: What is answered, with the headers that go with it; nil expects none of them.
  func ask(
    _ method: String, _ path: String, query: String = "",
    contentType: String? = "application/json", body: [UInt8], headers: [String: [UInt8]] = [:],
    expecting answerType: String? = "application/json"
  ) throws -> APIResponse {
    let answers = Answers()
    api.answer(
      APIRequest(
        method: method, path: path, query: query, contentType: contentType,
        requestID: Self.requestID, body: Array(body.prefix(bodyBytes)),
        headerValue: { headers["\($0)"] })
    ) { answers.all.append($0) }
    #expect(answers.all.count == 1)
    let response = try #require(answers.all.first)
    if let answerType {
      #expect(
        response.headers.prefix(3) == [
          "Content-Type: \(answerType)", "Cache-Control: no-store",
          "X-Request-Id: \(Self.requestID)",
        ])
    }
    return response
  }

  func ask(
    _ method: String, _ path: String, query: String = "",
    contentType: String? = "application/json", _ body: String = "",
    headers: [String: String] = [:], expecting answerType: String? = "application/json"
  ) throws -> APIResponse {
    try ask(
      method, path, query: query, contentType: contentType, body: Array(body.utf8),
      headers: headers.mapValues { Array($0.utf8) }, expecting: answerType)
  }

  func lock(_ body: String) throws -> APIResponse { try ask("POST", "/tickets_lock", body) }

  func release(_ body: String) throws -> APIResponse {
    try ask("POST", "/tickets_unlock_param", body)
  }

  /// Expects this answer to a POST, with no header of its own, and that the store is given these operations.
  func expect(
    _ path: String, _ body: String, headers: [String: String] = [:], _ status: Int, _ text: String,
    _ operations: [HoldOperation]? = nil, at location: SourceLocation = #_sourceLocation
  ) throws {
    let response = try ask("POST", path, body, headers: headers)
    #expect(response.status == status, sourceLocation: location)
    #expect(response.text == text, sourceLocation: location)
    #expect(response.headers.count == 3, sourceLocation: location)
    if let operations { #expect(self.operations == operations, sourceLocation: location) }
  }

  /// Expects a POST to be refused with this message, and the store to hear nothing of it.
  func expectRefused(
    _ path: String, body: [UInt8], headers: [String: [UInt8]] = [:], _ message: String,
    at location: SourceLocation = #_sourceLocation
  ) throws {
    let response = try ask("POST", path, body: body, headers: headers)
    #expect(response.status == 400, sourceLocation: location)
    #expect(response.text == refusal(message), sourceLocation: location)
    #expect(response.headers.count == 3, sourceLocation: location)
    #expect(service.calls.isEmpty, sourceLocation: location)
  }

  func expectRefused(
    _ path: String, _ body: String, headers: [String: String] = [:], _ message: String,
    at location: SourceLocation = #_sourceLocation
  ) throws {
    try expectRefused(
      path, body: Array(body.utf8), headers: headers.mapValues { Array($0.utf8) }, message,
      at: location)
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
