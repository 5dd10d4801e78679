import HoldAPI
import Testing

/// `/openapi.yaml`, which has no envelope.
@Suite struct OpenAPITests {
  @Test(arguments: [("GET", "openapi: 3.1.1\n"), ("HEAD", "")])
  func theDocumentIsGivenAsItIs(method: String, text: String) throws {
    let client = Client(openAPI: Array("openapi: 3.1.1\n".utf8))
    let response = try client.ask(method, "/openapi.yaml", contentType: nil, expecting: nil)
    #expect(response.status == 200)
    #expect(response.text == text)
    #expect(response.value(of: "Content-Type") == "application/yaml")
  }
}
