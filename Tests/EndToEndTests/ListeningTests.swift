import Foundation
import TestSupport
import Testing

extension EndToEnd {
  /// The ways of listening.
  @Suite("Listening")
  struct ListeningTests {
    private let site: Site

    init() throws { site = try .shared() }

    @Test func listensOnTCP() throws {
      let port = try Socket.listeningOnFreePort().port
      let service = try ServiceProcess(on: site, listen: "127.0.0.1:\(port)")
      let peer = try FastCGIPeer(port: port)
      #expect(try peer.request("GET", "/livez").body == Answer.alive)
      service.signal(SIGTERM)
    }

    @Test func listensOnAnInheritedSocket() throws {
      let listener = try Socket.listeningOnFreePort()
      let service = try ServiceProcess(on: site, input: listener.descriptor)
      let peer = try FastCGIPeer(port: listener.port)
      #expect(try peer.request("GET", "/livez").body == Answer.alive)
      service.signal(SIGTERM)
    }

    /// As systemd passes it, to the process whose id `LISTEN_PID` names.
    @Test func listensOnASocketOfTheServiceManager() throws {
      let listener = try Socket.listeningOnFreePort()
      let service = try ServiceProcess(
        on: site, settings: ["LISTEN_FDS": "1"], input: listener.descriptor,
        launcher: ["sh", "-c", "exec 3<&0 </dev/null; LISTEN_PID=$$ exec \"$0\" \"$@\""])
      let peer = try FastCGIPeer(port: listener.port)
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
  }
}
