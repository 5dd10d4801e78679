/// `GET /livez`: the process serves. It asks nobody.
struct Livez {
  private static let alive = Array(#"{"message":"Alive","status":200,"data":{}}"#.utf8)

  func answer(_ request: APIRequest, respond: @Sendable (APIResponse) -> Void) {
    respond(APIResponse(status: 200, requestID: request.requestID, body: Self.alive))
  }
}
