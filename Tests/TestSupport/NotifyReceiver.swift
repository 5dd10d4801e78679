private import Glibc

/// A service manager's end of `NOTIFY_SOCKET`: a datagram socket that keeps all that it gets.
public final class NotifyReceiver {
  /// The value of `NOTIFY_SOCKET`.
  public let name: String

  private let socket: Socket
  private let directory: TemporaryDirectory
  private var datagrams: [String] = []

  /// Binds a path of its own, or an abstract name.
  public init(isAbstract: Bool = false) throws {
    directory = try TemporaryDirectory()
    name = isAbstract ? "@holdfast-test-\(UInt64.random(in: 0 ... .max))" : directory.path + "/n"
    socket = try Socket(boundTo: isAbstract ? "\0" + name.dropFirst() : name, isDatagram: true)
  }

  /// All datagrams so far.
  public var received: [String] {
    var buffer = [UInt8](repeating: 0, count: 4096)
    while case let count = unsafe recv(
      socket.descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT)), count >= 0
    {
      datagrams.append(String(decoding: buffer.prefix(count), as: UTF8.self))
    }
    return datagrams
  }

  /// Waits until one of the lines received begins with `text`.
  public func waitFor(_ text: String) throws {
    try waitUntil("the service says \(text)") {
      received.contains { $0.split(separator: "\n").contains { $0.hasPrefix(text) } }
    }
  }
}
