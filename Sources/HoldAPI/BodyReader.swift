import FoundationEssentials

/// Decodes a body, and says what is wrong with one that cannot be decoded.
struct BodyReader {
  /// How messages name the body.
  static let part = "the body"

  let bounds: APIBounds

  func read<Body: RequestBody>(
    _ type: Body.Type, from request: APIRequest
  ) throws(BadRequest) -> Body {
    try checkEnvelope(of: request, example: Body.example)
    if let ordinary = OrdinaryBody(request.body), let body = Body(ordinary) { return body }
    return try decode(type, from: request.body)
  }

  /// Decodes a body of whatever spelling: what is accepted, and what is said of the rest, is decided here.
  func decode<Body: RequestBody>(
    _ type: Body.Type, from body: [UInt8]
  ) throws(BadRequest) -> Body {
    try BodyScan.check(body)
    let json = Data(body)
    do {
      return try JSONDecoder().decode(Body.self, from: json)
    } catch {
      // Its own words name Swift's types, and may quote a secret.
      throw mistake(in: json, as: Body.self)
    }
  }

  private func checkEnvelope(
    of request: APIRequest, example: String
  ) throws(BadRequest) {
    if request.body.count > bounds.maximumBodyBytes {
      throw BadRequest(
        status: 413, message: "Request body larger than \(bounds.maximumBodyBytes) bytes")
    }
    if request.body.isEmpty {
      throw BadRequest(Self.part, expected: "JSON such as \(example)", got: "nothing")
    }
    guard let contentType = request.contentType, MediaType.isJSON(contentType) else {
      let received = request.contentType.map { Quotation.of($0) } ?? "none"
      throw BadRequest(
        status: 415,
        message: "send the header Content-Type: application/json, got \(received)")
    }
  }

  private func mistake<Body: RequestBody>(in json: Data, as type: Body.Type) -> BadRequest {
    let expected = "JSON such as \(Body.example)"
    guard let findings = try? JSONDecoder().decode(BodyFindings.self, from: json) else {
      return BadRequest(
        Self.part, expected: expected, got: "\(json.count) bytes that are not JSON")
    }
    return findings.mistakeInEnvelope(example: Body.example)
      ?? Body.mistake(in: findings, bounds: bounds)
      ?? BadRequest(Self.part, expected: expected, got: "JSON that cannot be read")
  }
}
