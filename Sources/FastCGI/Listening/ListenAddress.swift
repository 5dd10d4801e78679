/// Where the service listens.
public enum ListenAddress: Sendable, Equatable, CustomStringConvertible {
  /// A Unix socket at this path, of at most 107 bytes (`unix(7)`).
  case unix(path: String)

  /// A TCP socket on this host (name or address) and port.
  case tcp(host: String, port: String)

  /// A listening socket that was passed as this descriptor: 0 by spawn-fcgi, 3 by systemd.
  case inherited(descriptor: Int32)

  /// What `sockaddr_un` has room for, without the zero byte at the end.
  static let maximumPathBytes = 107

  /// Reads `fd:3`, a path (`/run/x.sock`, `unix:/run/x.sock`) or `host:port`; nil if it is none, or too
  /// long a path.
  public init?(_ text: String) {
    if text.hasPrefix("fd:") {
      guard let descriptor = Int32(text.dropFirst(3)), descriptor >= 0 else { return nil }
      self = .inherited(descriptor: descriptor)
    } else if text.hasPrefix("unix:") || text.contains("/") {
      let path = text.hasPrefix("unix:") ? String(text.dropFirst(5)) : text
      guard (1...Self.maximumPathBytes).contains(path.utf8.count) else { return nil }
      self = .unix(path: path)
    } else if let colon = text.lastIndex(of: ":"), colon != text.startIndex,
      let port = UInt16(text[text.index(after: colon)...])
    {
      var host = text[..<colon]
      if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
      self = .tcp(host: String(host), port: String(port))
    } else {
      return nil
    }
  }

  /// The address as it is read.
  public var description: String {
    switch self {
    case .unix(let path): path
    case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    case .inherited(let descriptor): "fd:\(descriptor)"
    }
  }
}
