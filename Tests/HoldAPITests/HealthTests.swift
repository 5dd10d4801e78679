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
      (.ok, false, #"{"message":"Ready","status":200,"data":{"database":"ok","stopping":false}}"#),
      (
        .unreachable, false,
        #"{"message":"Not ready","status":503,"data":{"database":"unreachable","stopping":false}}"#
      ),
      (
        .ok, true,
        #"{"message":"Not ready","status":503,"data":{"database":"ok","stopping":true}}"#
      ),
      (
        .unreachable, true,
        #"{"message":"Not ready","status":503,"data":{"database":"unreachable","stopping":true}}"#
      ),
      (
        .refused("permission denied"), false,
        #"{"message":"Not ready","status":503,"data":{"database":"refused","#
          + #""database_error":"permission denied","stopping":false}}"#
      ),
    ] as [(Readiness.Database, Bool, String)])
  func readyzSaysWhichCheckFailed(database: Readiness.Database, isStopping: Bool, body: String)
    throws
  {
    let client = Client(bounds: APIBounds(retryAfterSeconds: 7))
    client.service.readiness = Readiness(database: database, isStopping: isStopping)
    let response = try client.ask("GET", "/readyz")
    let isReady = database == .ok && !isStopping
    #expect(response.status == (isReady ? 200 : 503))
    #expect(response.text == body)
    #expect(response.value(of: "Retry-After") == (isReady ? nil : "7"))
    #expect(client.service.calls == [.checkReadiness])
  }
}
