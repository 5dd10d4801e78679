import HoldAPI
import Testing

/// `/openapi.yaml`, which has no envelope.
@Suite struct OpenAPITests {
  @Test(arguments: [("GET", "openapi: 3.1.1\n"), ("HEAD", "")])
  func theDocumentIsGivenAsItIs(method: String, text: String) throws {
    let api = API(
      service: RecordingHoldService(), bounds: APIBounds(),
      openAPI: Array("openapi: 3.1.1\n".utf8))
    let request = APIRequest(
      method: method, path: "/openapi.yaml", contentType: nil, requestID: Client.requestID,
      body: [])
    nonisolated(unsafe) var answer: APIResponse?
    api.answer(request) { answer = $0 }
    let response = try #require(answer)
    #expect(response.status == 200)
    #expect(response.text == text)
    #expect(response.value(of: "Content-Type") == "application/yaml")
  }
}
