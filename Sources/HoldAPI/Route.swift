/// The paths that have an endpoint.
enum Route: String, CaseIterable {
  case ticketsLock = "/tickets_lock"
  case ticketsUnlock = "/tickets_unlock"
  case ticketsUnlockParam = "/tickets_unlock_param"
  case livez = "/livez"
  case readyz = "/readyz"

  /// Whether the endpoint takes the method.
  func takes(method: String) -> Bool {
    switch self {
    case .ticketsLock, .ticketsUnlock, .ticketsUnlockParam: method == "POST"
    case .livez, .readyz: method == "GET" || method == "HEAD"
    }
  }

  /// The methods that it takes, as `Allow` spells them.
  var allow: String {
    switch self {
    case .ticketsLock, .ticketsUnlock, .ticketsUnlockParam: "POST"
    case .livez, .readyz: "GET, HEAD"
    }
  }
}
