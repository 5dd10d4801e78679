import Foundation
import Testing

extension EndToEnd {
  /// The ways of listening.
  @Suite("Listening")
  struct ListeningTests {
    private let site: Site

    init() throws { site = try .shared() }

    @Test func listensOnTCP() throws {
      let port = try freePort()
      let service = try ServiceProcess(on: site, listen: "127.0.0.1:\(port)")
      let peer = FastCGIPeer(try Socket(port: port))
      #expect(try peer.request("GET", "/livez").body == Answer.alive)
      service.signal(SIGTERM)
    }

    @Test func listensOnAnInheritedSocket() throws {
      let listener = socket(
        AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
      defer { close(listener) }
      // Without a bind, listen chooses a free port.
      #expect(listen(listener, 8) == 0)
      let service = try ServiceProcess(on: site, input: listener)
      let peer = FastCGIPeer(try Socket(port: Self.port(of: listener)))
      #expect(try peer.request("GET", "/livez").body == Answer.alive)
      service.signal(SIGTERM)
    }

    /// As systemd passes it, to the process whose id `LISTEN_PID` names.
    @Test func listensOnASocketOfTheServiceManager() throws {
      let listener = socket(
        AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
      defer { close(listener) }
      #expect(listen(listener, 8) == 0)
      let service = try ServiceProcess(
        on: site, settings: ["LISTEN_FDS": "1"], input: listener,
        launcher: ["sh", "-c", "exec 3<&0 </dev/null; LISTEN_PID=$$ exec \"$0\" \"$@\""])
      let peer = FastCGIPeer(try Socket(port: Self.port(of: listener)))
      #expect(try peer.request("GET", "/livez").body == Answer.alive)
      #expect(service.log.contains(#""listen":"fd:3""#))
      service.signal(SIGTERM)
    }

    @Test func theUnixSocketHasTheModeThatIsSet() throws {
      let service = try ServiceProcess(on: site, settings: ["HOLDFAST_SOCKET_MODE": "0640"])
      var status = stat()
      #expect(stat(service.socketPath, &status) == 0)
      #expect(status.st_mode & 0o777 == 0o640)
    }

    private func freePort() throws -> Int {
      let probe = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
      defer { close(probe) }
      guard listen(probe, 1) == 0 else { throw Failure(errno: "listen") }
      return Self.port(of: probe)
    }

    private static func port(of descriptor: Int32) -> Int {
      var address = sockaddr_in()
      var length = socklen_t(MemoryLayout<sockaddr_in>.size)
      withUnsafeMutablePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          _ = getsockname(descriptor, $0, &length)
        }
      }
      return Int(in_port_t(bigEndian: address.sin_port))
    }
  }
}
