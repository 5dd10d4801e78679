import HoldAPI
import Testing

@Suite struct RoutingTests {
  @Test(arguments: [
    "/", "", "/metrics", "/tickets_lock/", "/Tickets_lock", "/tickets_lock?x=1", "tickets_lock",
    "/tickets", "/livez/", "/readyz2",
  ])
  func pathsWithoutAnEndpointAre404(path: String) throws {
    for method in ["GET", "POST", "BREW"] {
      let client = Client()
      let response = try client.ask(method, path, #"{"data":{}}"#)
      #expect(response.status == 404)
      #expect(response.text == #"{"message":"Not found","status":404,"data":{}}"#)
      #expect(response.headers.count == 3)
      #expect(client.service.calls.isEmpty)
    }
  }

  @Test(
    arguments: [
      ("/tickets_lock", "POST", ["GET", "HEAD", "PUT", "OPTIONS", "post", ""]),
      ("/tickets_unlock", "POST", ["GET", "HEAD", "DELETE"]),
      ("/tickets_unlock_param", "POST", ["GET", "HEAD", "PATCH"]),
      ("/livez", "GET, HEAD", ["POST", "OPTIONS", "get"]),
      ("/readyz", "GET, HEAD", ["POST", "PUT"]),
    ])
  func otherMethodsAre405(path: String, allow: String, methods: [String]) throws {
    for method in methods {
      let client = Client()
      let response = try client.ask(method, path, #"{"data":{"tickets":["a"]}}"#)
      #expect(response.status == 405)
      #expect(response.value(of: "Allow") == allow)
      let body =
        #"{"message":"Method not allowed: this path takes \#(allow)","status":405,"data":{}}"#
      #expect(response.text == (method == "HEAD" ? "" : body))
      #expect(client.service.calls.isEmpty)
    }
  }

  @Test func metricsAreTextAndThereIfTheyAreCounted() throws {
    let counting = Client(metrics: { Array("up 1\n".utf8) })
    let get = try counting.ask("GET", "/metrics", expecting: "text/plain; version=0.0.4")
    #expect(get.status == 200 && get.text == "up 1\n")
    let head = try counting.ask("HEAD", "/metrics", expecting: "text/plain; version=0.0.4")
    #expect(head.headers == get.headers && head.body.isEmpty)
    let post = try counting.ask("POST", "/metrics")
    #expect(post.status == 405 && post.value(of: "Allow") == "GET, HEAD")
    #expect(counting.service.calls.isEmpty)
    #expect(counting.api.paths.contains("/metrics"))
    #expect(!Client().api.paths.contains("/metrics"))
  }

  @Test func headHasTheHeadersOfGetAndNoBody() throws {
    for path in ["/livez", "/readyz", "/nowhere"] {
      let client = Client()
      client.service.readiness.database = .unreachable
      let get = try client.ask("GET", path)
      let head = try client.ask("HEAD", path)
      #expect(!get.body.isEmpty)
      #expect(head.body.isEmpty)
      #expect(head.headers == get.headers)
      #expect(head.status == get.status)
    }
  }

  @Test func onlyTheEndpointsThatDecodeLookAtABody() throws {
    let client = Client(bounds: APIBounds(maximumBodyBytes: 10))
    let long = [UInt8](repeating: 0, count: 11)
    for path in ["/tickets_lock", "/tickets_unlock_param"] {
      #expect(try client.ask("POST", path, body: long).status == 413)
    }
    for (method, path) in [("POST", "/tickets_unlock"), ("GET", "/livez"), ("GET", "/readyz")] {
      #expect(try client.ask(method, path, body: long).status == 200, "\(method) \(path)")
    }
  }
}
