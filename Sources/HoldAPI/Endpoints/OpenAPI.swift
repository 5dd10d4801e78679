/// `GET /openapi.yaml`: the API's description, for people and for programs that make clients.
struct OpenAPI: Endpoint {
  let document: [UInt8]

  func answer(_ request: APIRequest, respond: @escaping @Sendable (APIResponse) -> Void) {
    var response = APIResponse(status: 200, requestID: request.requestID, body: document)
    response.contentType = "application/yaml"
    respond(response)
  }
}
