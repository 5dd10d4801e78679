import HoldAPI
import Holds
import Testing

@Suite struct HealthTests {
  @Test func livezAsksNobody() throws {
    let client = Client()
    let response = try client.ask("GET", "/livez")
    #expect(response.status == 200)
    #expect(response.text == #"{"message":"Alive","status":200,"data":{}}"#)
    #expect(client.service.calls.isEmpty)
  }

  @Test(
    arguments: [
      (true, false, #"{"message":"Ready","status":200,"data":{"database":"ok","stopping":false}}"#),
      (
        false, false,
        #"{"message":"Not ready","status":503,"data":{"database":"unreachable","stopping":false}}"#
      ),
      (
        true, true,
        #"{"message":"Not ready","status":503,"data":{"database":"ok","stopping":true}}"#
      ),
      (
        false, true,
        #"{"message":"Not ready","status":503,"data":{"database":"unreachable","stopping":true}}"#
      ),
    ])
  func readyzSaysWhichCheckFailed(databaseAnswers: Bool, isStopping: Bool, body: String) throws {
    let client = Client(bounds: APIBounds(retryAfterSeconds: 7))
    client.service.readiness = Readiness(databaseAnswers: databaseAnswers, isStopping: isStopping)
    let response = try client.ask("GET", "/readyz")
    let isReady = databaseAnswers && !isStopping
    #expect(response.status == (isReady ? 200 : 503))
    #expect(response.text == body)
    #expect(response.value(of: "Retry-After") == (isReady ? nil : "7"))
    #expect(client.service.calls == [.checkReadiness])
  }
}
