/// The web server's side of a FastCGI connection.
public final class FastCGIPeer {
  /// The connection.
  public let socket: Socket

  /// Lives at least as long as the connection.
  private let server: AnyObject?

  /// Connects to a Unix socket.
  public init(path: String, of server: AnyObject? = nil) throws {
    socket = try Socket(path: path)
    self.server = server
  }

  /// Connects to a port of this machine.
  public init(port: Int) throws {
    socket = try Socket(port: port)
    server = nil
  }

  /// Sends what it can; a peer that has closed is no error here.
  public func send(_ bytes: some Collection<UInt8>) { try? socket.write(bytes) }

  /// Whether the server has closed the connection by now; what it may have sent is dropped.
  public var isClosed: Bool { socket.isClosed }

  /// The rest of what the server sends, until it closes.
  public func readToEnd() -> [UInt8] {
    var bytes: [UInt8] = []
    while let more = try? socket.read(), !more.isEmpty { bytes += more }
    return bytes
  }

  /// The next answer's standard output; throws if the connection ends before it does.
  public func readAnswer() throws -> String {
    var output: [UInt8] = []
    while true {
      let head = try socket.read(exactly: 8)
      let content = try socket.read(exactly: Int(head[4]) << 8 | Int(head[5]))
      _ = try socket.read(exactly: Int(head[6]))
      guard head[0] == 1, head[2] == 0, head[3] == 1 else { throw Failure("not ours: \(head)") }
      switch head[1] {
      case Record.stdout: output += content
      case Record.endRequest:
        guard content.prefix(5) == [0, 0, 0, 0, 0] else { throw Failure("ended by \(content)") }
        return String(decoding: output, as: UTF8.self)
      default: throw Failure("record of type \(head[1])")
      }
    }
  }
}
