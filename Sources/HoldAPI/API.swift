public import Holds

/// Answers requests: finds the endpoint, which reads the request, asks the store and writes the answer.
public struct API: Sendable {
  private let routes: [Route]
  private let access: APIAccess?

  /// The paths that have an endpoint.
  public var paths: [String] { routes.map(\.path) }

  /// Creates the API over a store.
  ///
  /// - Parameters:
  ///   - seatMaps: Answers what only reads; without it these paths do not exist.
  ///   - access: Decides by the caller's key; nil answers everybody.
  ///   - openAPI: The document that `/openapi.yaml` is answered with.
  ///   - metrics: Gives the text of `/metrics`, which is not found without it.
  public init(
    service: any HoldService, seatMaps: (any SeatMapService)? = nil, bounds: APIBounds,
    access: APIAccess? = nil, openAPI: [UInt8] = [], metrics: (@Sendable () -> [UInt8])? = nil
  ) {
    self.access = access
    var routes = [
      Route("POST", "/tickets_lock", .hold, TicketsLock(service: service, bounds: bounds)),
      Route(
        "POST", "/tickets_lock_best", .hold, TicketsLockBest(service: service, bounds: bounds)),
      Route(
        "POST", "/tickets_unlock_param", .hold,
        TicketsUnlockParam(service: service, bounds: bounds)),
      Route("POST", "/tickets_unlock", .operate, TicketsUnlock(service: service, bounds: bounds)),
      Route("GET, HEAD", "/livez", nil, Livez()),
      Route("GET, HEAD", "/readyz", nil, Readyz(service: service, bounds: bounds)),
      Route("GET, HEAD", "/openapi.yaml", nil, OpenAPI(document: openAPI)),
    ]
    if bounds.allowsConfirms {
      routes.append(
        Route("POST", "/tickets_confirm", .sell, TicketsConfirm(service: service, bounds: bounds)))
    }
    if let seatMaps { routes += Self.seatMapRoutes(seatMaps, bounds) }
    if let metrics {
      routes.append(Route("GET, HEAD", "/metrics", .operate, Metrics(text: metrics)))
    }
    self.routes = routes
  }

  private static func seatMapRoutes(
    _ service: any SeatMapService, _ bounds: APIBounds
  ) -> [Route] {
    func list(showsSales: Bool) -> TicketsListEvent {
      TicketsListEvent(service: service, bounds: bounds, showsSales: showsSales)
    }
    func map(_ part: SeatMapPart) -> SeatMap {
      SeatMap(service: service, bounds: bounds, part: part)
    }
    return [
      Route("GET, HEAD", "/tickets_availability", nil, map(.availability)),
      Route("GET, HEAD", "/tickets_layout", nil, map(.layout)),
      Route("POST", "/tickets_list_event", .hold, list(showsSales: false)),
      Route("POST", "/tickets_list_event_sales", .hold, list(showsSales: true)),
    ]
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
    if let access, let scope = route.scope,
      let refusal = access.refusal(of: request, needing: scope)
    {
      return respond(refusal)
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

  /// What a caller's key must be for, where keys are used; nil serves callers without one too.
  let scope: APIScope?
  let endpoint: any Endpoint

  init(_ allow: String, _ path: String, _ scope: APIScope?, _ endpoint: any Endpoint) {
    self.allow = allow
    self.path = path
    self.scope = scope
    self.endpoint = endpoint
  }

  func takes(method: String) -> Bool {
    allow == method || allow.split(separator: ", ").contains { $0 == method }
  }
}
