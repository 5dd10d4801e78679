public import Holds

/// Answers requests: finds the endpoint, which decodes, asks the store and encodes.
public struct API: Sendable {
  private let service: any HoldService
  private let bounds: APIBounds

  /// Creates the API over a store.
  public init(service: any HoldService, bounds: APIBounds) {
    self.service = service
    self.bounds = bounds
  }

  /// Answers a request: calls `respond` exactly once, now or later on a thread of the store's.
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
    let requestID = request.requestID
    guard let route = Route(rawValue: request.path) else {
      return respond(.notFound(requestID: requestID))
    }
    guard route.takes(method: request.method) else {
      return respond(.methodNotAllowed(allow: route.allow, requestID: requestID))
    }
    switch route {
    case .ticketsLock:
      TicketsLock(service: service, bounds: bounds).answer(request, respond: respond)
    case .ticketsUnlock:
      TicketsUnlock(service: service, bounds: bounds).answer(request, respond: respond)
    case .ticketsUnlockParam:
      TicketsUnlockParam(service: service, bounds: bounds).answer(request, respond: respond)
    case .livez:
      Livez().answer(request, respond: respond)
    case .readyz:
      Readyz(service: service, bounds: bounds).answer(request, respond: respond)
    }
  }
}
