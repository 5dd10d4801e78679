public import Holds

/// Answers requests: finds the endpoint, which reads the request, asks the store and writes the answer.
public struct API: Sendable {
  private let routes: [Route]

  /// Creates the API over a store; without `seatMaps`, their paths do not exist.
  public init(
    service: any HoldService, seatMaps: (any SeatMapService)? = nil, bounds: APIBounds
  ) {
    var routes = [
      Route("POST", "/tickets_lock", TicketsLock(service: service, bounds: bounds)),
      Route("POST", "/tickets_unlock_param", TicketsUnlockParam(service: service, bounds: bounds)),
      Route("POST", "/tickets_unlock", TicketsUnlock(service: service, bounds: bounds)),
      Route("GET, HEAD", "/livez", Livez()),
      Route("GET, HEAD", "/readyz", Readyz(service: service, bounds: bounds)),
    ]
    if bounds.allowsConfirms {
      routes.append(
        Route("POST", "/tickets_confirm", TicketsConfirm(service: service, bounds: bounds)))
    }
    if let seatMaps {
      func list(showsSales: Bool) -> TicketsListEvent {
        TicketsListEvent(service: seatMaps, bounds: bounds, showsSales: showsSales)
      }
      func map(_ part: SeatMapPart) -> SeatMap {
        SeatMap(service: seatMaps, bounds: bounds, part: part)
      }
      routes += [
        Route("GET, HEAD", "/tickets_availability", map(.availability)),
        Route("GET, HEAD", "/tickets_layout", map(.layout)),
        Route("POST", "/tickets_list_event", list(showsSales: false)),
        Route("POST", "/tickets_list_event_sales", list(showsSales: true)),
      ]
    }
    self.routes = routes
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
