/// Decides by a request's key whether it is answered (RFC 6750).
public struct APIAccess: Sendable {
  private static let scheme = "bearer "
  private static let maximumSecretBytes = 512

  private let keys: @Sendable () -> APIKeys
  private let unixSeconds: @Sendable () -> Int

  /// Creates the decision over keys that may change from one request to the next.
  ///
  /// - Parameters:
  ///   - keys: The keys that are valid now.
  ///   - unixSeconds: The time, by which keys expire.
  public init(
    keys: @escaping @Sendable () -> APIKeys, unixSeconds: @escaping @Sendable () -> Int
  ) {
    self.keys = keys
    self.unixSeconds = unixSeconds
  }

  /// The answer to a request that may not be served; nil if it may.
  func refusal(of request: APIRequest, needing scope: APIScope) -> APIResponse? {
    guard let header = request.header("HTTP_AUTHORIZATION") else {
      return .unauthorized(
        "Authorization: expected Bearer and a key, got nothing", challenge: "Bearer",
        requestID: request.requestID)
    }
    guard let secret = Self.secret(in: header),
      let key = keys().key(withSecret: secret, atUnixSeconds: unixSeconds())
    else {
      return .unauthorized(
        "Authorization: expected Bearer and a key that is known and has not expired",
        challenge: #"Bearer error="invalid_token""#, requestID: request.requestID)
    }
    return key.scopes.contains(scope)
      ? nil : .forbidden(needing: scope, requestID: request.requestID)
  }

  private static func secret(in header: String) -> String? {
    guard header.prefix(scheme.count).lowercased() == scheme else { return nil }
    let secret = header.dropFirst(scheme.count).drop { $0 == " " }
    return (1...maximumSecretBytes).contains(secret.utf8.count) ? String(secret) : nil
  }
}

extension APIResponse {
  /// A request without a valid key.
  fileprivate static func unauthorized(
    _ message: String, challenge: String, requestID: String
  ) -> APIResponse {
    var response = error(
      status: 401, message: "\(message); nothing was changed", requestID: requestID)
    response.ownHeaders.append(APIHeader(name: "WWW-Authenticate", value: challenge))
    return response
  }

  /// A request whose key is for something else.
  fileprivate static func forbidden(needing scope: APIScope, requestID: String) -> APIResponse {
    var response = error(
      status: 403,
      message: "Authorization: expected a key with the scope \(scope.rawValue); nothing was "
        + "changed",
      requestID: requestID)
    response.ownHeaders.append(
      APIHeader(
        name: "WWW-Authenticate",
        value: #"Bearer error="insufficient_scope", scope="\#(scope.rawValue)""#))
    return response
  }
}
