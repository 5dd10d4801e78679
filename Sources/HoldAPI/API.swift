public import Holds

/// Answers requests: finds the endpoint, which reads the request, asks the store and writes the answer.
public struct API: Sendable {
  private let routes: [Route]

  /// The paths that have an endpoint.
  public var paths: [String] { routes.map(\.path) }

  /// Creates the API over a store.
  ///
  /// - Parameter metrics: Gives the text of `/metrics`, which is not found without it.
  public init(
    service: any HoldService, bounds: APIBounds, metrics: (@Sendable () -> [UInt8])? = nil
  ) {
    let confirm = Route(
      "POST", "/tickets_confirm", TicketsConfirm(service: service, bounds: bounds))
    let metrics = metrics.map { Route("GET, HEAD", "/metrics", Metrics(text: $0)) }
    routes =
      [
        Route("POST", "/tickets_lock", TicketsLock(service: service, bounds: bounds)),
        Route(
          "POST", "/tickets_unlock_param", TicketsUnlockParam(service: service, bounds: bounds)),
        Route("POST", "/tickets_unlock", TicketsUnlock(service: service, bounds: bounds)),
        Route("GET, HEAD", "/livez", Livez()),
        Route("GET, HEAD", "/readyz", Readyz(service: service, bounds: bounds)),
      ] + (bounds.allowsConfirms ? [confirm] : []) + (metrics.map { [$0] } ?? [])
  }

  /// Answers a request: calls `respond` exactly once, during the call or later on one of the store's
  /// threads.
  public func answer(
    _ request: APIRequest, respond: @escaping @Sendable (APIResponse) -> Void
  ) {
    if request.method == "HEAD" {
      dispatch(request) { respond($0.withoutBody) }
    } else {
      dispatch(request, respond: respond)
    }
  }

  private func dispatch(
    _ request: APIRequest, respond: @escaping @Sendable (APIResponse) -> Void
  ) {
    guard let route = routes.first(where: { $0.path == request.path }) else {
      return respond(.notFound(requestID: request.requestID))
    }
    guard route.takes(method: request.method) else {
      return respond(.methodNotAllowed(allow: route.allow, requestID: request.requestID))
    }
    route.endpoint.answer(request, respond: respond)
  }
}

/// What answers the requests for one path.
protocol Endpoint: Sendable {
  /// Calls `respond` exactly once, now or later. A request of another method never gets here.
  func answer(_ request: APIRequest, respond: @escaping @Sendable (APIResponse) -> Void)
}

/// One path of the API.
private struct Route {
  /// The methods that it takes, as the header `Allow` lists them.
  let allow: String
  let path: String
  let endpoint: any Endpoint

  init(_ allow: String, _ path: String, _ endpoint: any Endpoint) {
    self.allow = allow
    self.path = path
    self.endpoint = endpoint
  }

  func takes(method: String) -> Bool {
    allow == method || allow.split(separator: ", ").contains { $0 == method }
  }
}
