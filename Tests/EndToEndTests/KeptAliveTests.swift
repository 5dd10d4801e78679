import Foundation
import Testing

extension EndToEnd {
  /// A FastCGI connection that is idle, silent or stuck keeps no worker from the others.
  @Suite("Kept-alive connections")
  struct KeptAliveTests {
    private let site: Site

    init() throws { site = try .shared() }

    /// The best of a few, so that a busy machine does not count.
    private func bestTime(_ service: ServiceProcess) throws -> Double {
      var best = Double.infinity
      for _ in 0..<5 {
        let start = Clock.now
        #expect(try service.peer().request("GET", "/livez", keepsConnection: false).status == 200)
        best = min(best, Clock.now - start)
      }
      return best
    }

    @Test func manyMoreThanWorkers() throws {
      let service = try ServiceProcess(on: site, settings: ["HOLDFAST_WORKERS": "1"])
      let peers = try (0..<200).map { _ in try service.peer() }
      // Half of them have had an answer, the others never said a word.
      for peer in peers.prefix(100) { #expect(try peer.request("GET", "/livez").status == 200) }
      #expect(try bestTime(service) < 0.1)
      // Many more than there are workers stop in the middle of a request.
      for peer in peers.suffix(50) { try peer.sendHalfARequest() }
      #expect(try bestTime(service) < 0.1)
      // And those that were idle are served as before.
      for peer in peers.prefix(150) { #expect(try peer.request("GET", "/livez").status == 200) }
    }

    /// Negative control: while the service stands still, the measure shows it.
    @Test func whatTheMeasureShowsWhenNoWorkerRuns() throws {
      let service = try ServiceProcess(on: site)
      service.signal(SIGSTOP)
      let start = Clock.now
      let waiting = Parallel.start { [path = service.socketPath] in
        try FastCGIPeer(Socket(path: path)).request("GET", "/livez").status
      }
      Clock.sleep(0.3)
      service.signal(SIGCONT)
      #expect(try waiting.value() == 200)
      #expect(Clock.now - start > 0.1)
    }

    @Test func aStuckPeerIsGivenUp() throws {
      let service = try ServiceProcess(
        on: site, settings: ["HOLDFAST_WORKERS": "1", "HOLDFAST_PEER_TIMEOUT": "300ms"])
      let stuck = try service.peer()
      try stuck.sendHalfARequest()
      #expect(try service.peer().request("GET", "/livez").status == 200)
      try Clock.wait("the stuck one is closed") { stuck.isClosed }
    }

    /// Whoever has been silent for a second gives way first, then the one that has been idle for longest.
    @Test func pastTheLimitIdleOnesGiveWay() throws {
      let service = try ServiceProcess(
        on: site, settings: ["HOLDFAST_WORKERS": "2", "HOLDFAST_MAX_CONNECTIONS": "20"])
      let silent = try (0..<20).map { _ in try service.peer() }
      Clock.sleep(1.5)
      let idle = try (0..<20).map { _ in
        let peer = try service.peer()
        #expect(try peer.request("GET", "/livez").status == 200)
        return peer
      }
      try Clock.wait("the silent ones are closed") { silent.allSatisfy(\.isClosed) }
      #expect(idle.allSatisfy { !$0.isClosed })
      let later = try (0..<10).map { _ in
        let peer = try service.peer()
        #expect(try peer.request("GET", "/livez").status == 200)
        return peer
      }
      try Clock.wait("the oldest are closed") { idle.prefix(10).allSatisfy(\.isClosed) }
      #expect((idle.suffix(10) + later).allSatisfy { !$0.isClosed })
      #expect(try bestTime(service) < 0.1)
    }

    /// At the limit a new connection waits until one of those that never said a word is old enough.
    @Test func pastTheLimitNewOnesWaitForSilentOnes() throws {
      let service = try ServiceProcess(
        on: site, settings: ["HOLDFAST_WORKERS": "2", "HOLDFAST_MAX_CONNECTIONS": "20"])
      let silent = try (0..<40).map { _ in try service.peer() }
      #expect(try service.peer().request("GET", "/livez").status == 200)
      #expect(silent.contains { $0.isClosed })
    }

    /// nginx closes its idle connections when it likes; the service notices.
    @Test func closedConnectionsAreForgotten() throws {
      let service = try ServiceProcess(
        on: site, settings: ["HOLDFAST_WORKERS": "2", "HOLDFAST_MAX_CONNECTIONS": "50"])
      for _ in 0..<20 {
        let peers = try (0..<50).map { _ in try service.peer() }
        for peer in peers.prefix(5) { #expect(try peer.request("GET", "/livez").status == 200) }
      }
      #expect(try bestTime(service) < 0.1)
    }
  }
}
