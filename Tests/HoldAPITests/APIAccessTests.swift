import HoldAPI
import Holds
import Testing

/// Who is answered where callers need keys.
@Suite struct APIAccessTests {
  private static let day = 86_400

  /// 2027-01-31T12:00:00Z.
  private static let noon = 1_801_396_800

  private static let lock = #"{"data":{"ticketd_reserved":["a"],"reserved_time":600}}"#

  /// The paths, a body for each, and what their keys must be for; nil where none is needed.
  private static let endpoints: [(String, String, String, APIScope?)] = [
    ("POST", "/tickets_lock", lock, .hold),
    ("POST", "/tickets_unlock_param", #"{"data":{"tickets":["a"]}}"#, .hold),
    ("POST", "/tickets_unlock", "", .operate),
    ("POST", "/tickets_confirm", #"{"data":{"tickets":["a"],"order_id":"A-1"}}"#, .sell),
    ("GET", "/livez", "", nil),
    ("GET", "/readyz", "", nil),
    ("GET", "/openapi.yaml", "", nil),
  ]

  private func keys() throws -> APIKeys {
    try APIKeys(
      text: """
        a hold \(KeyDigest(ofSecret: "secret-hold").text)
        s sell \(KeyDigest(ofSecret: "secret-sell").text)
        b operate \(KeyDigest(ofSecret: "secret-operate").text)
        c sell,hold,operate \(KeyDigest(ofSecret: "secret-all").text)
        d hold \(KeyDigest(ofSecret: "secret-until").text) 2027-01-31
        """)
  }

  private func ask(
    _ method: String, _ path: String, _ body: String, authorization: String?,
    at now: Int = noon, areKeysUsed: Bool = true
  ) throws -> APIResponse {
    let keys = try keys()
    let client = Client(
      bounds: APIBounds(allowsConfirms: true),
      access: areKeysUsed ? APIAccess(keys: { keys }, unixSeconds: { now }) : nil)
    let headers = authorization.map { ["HTTP_AUTHORIZATION": $0] } ?? [:]
    let response = try client.ask(method, path, body, headers: headers, expecting: nil)
    if response.status != 200 { #expect(client.service.calls.isEmpty) }
    return response
  }

  @Test func everyEndpointAsksForItsScope() throws {
    for (method, path, body, scope) in Self.endpoints {
      for granted in APIScope.allCases {
        let answer = try ask(
          method, path, body, authorization: "Bearer secret-\(granted.rawValue)")
        let isAllowed = scope == nil || scope == granted
        #expect(answer.status == (isAllowed ? 200 : 403), "\(path) with \(granted)")
        guard !isAllowed, let scope else { continue }
        #expect(
          answer.text
            == #"{"message":"Authorization: expected a key with the scope \#(scope.rawValue); "#
            + #"nothing was changed","status":403,"data":{"valido":false}}"#)
        #expect(
          answer.value(of: "WWW-Authenticate")
            == #"Bearer error="insufficient_scope", scope="\#(scope.rawValue)""#)
      }
      #expect(try ask(method, path, body, authorization: "Bearer secret-all").status == 200)
      let answer = try ask(method, path, body, authorization: nil)
      #expect(answer.status == (scope == nil ? 200 : 401), "\(path) without a key")
    }
  }

  @Test(arguments: [
    "Bearer", "Bearer ", "Bearer secret-holD", "Bearer secret-hold ", "secret-hold",
    "Basic secret-hold", "Bearer secret-hold,", "Bearer \u{e9}",
    "Bearer " + String(repeating: "a", count: 8000),
  ])
  func whatIsNoKeyIsRefused(authorization: String) throws {
    let answer = try ask("POST", "/tickets_lock", Self.lock, authorization: authorization)
    #expect(answer.status == 401)
    #expect(answer.value(of: "WWW-Authenticate") == #"Bearer error="invalid_token""#)
    #expect(
      answer.text
        == #"{"message":"Authorization: expected Bearer and a key that is known and has not "#
        + #"expired; nothing was changed","status":401,"data":{"valido":false}}"#)
  }

  @Test func withoutAKeyTheAnswerAsksForOne() throws {
    let answer = try ask("POST", "/tickets_lock", Self.lock, authorization: nil)
    #expect(answer.value(of: "WWW-Authenticate") == "Bearer")
  }

  @Test func theSchemeIsReadWithoutCase() throws {
    for authorization in ["bearer secret-hold", "BEARER  secret-hold"] {
      #expect(
        try ask("POST", "/tickets_lock", Self.lock, authorization: authorization).status == 200)
    }
  }

  @Test func aKeyIsValidUntilTheEndOfItsLastDay() throws {
    let midnight = Self.noon + Self.day / 2
    for (now, status) in [(0, 200), (Self.noon, 200), (midnight - 1, 200), (midnight, 401)] {
      let answer = try ask(
        "POST", "/tickets_lock", Self.lock, authorization: "Bearer secret-until", at: now)
      #expect(answer.status == status, "at \(now)")
    }
  }

  /// The control: the same requests where callers need no keys.
  @Test func withoutKeysEverybodyIsAnswered() throws {
    for (method, path, body, _) in Self.endpoints {
      let answer = try ask(method, path, body, authorization: nil, areKeysUsed: false)
      #expect(answer.status == 200)
    }
  }
}
