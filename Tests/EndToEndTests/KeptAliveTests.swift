import Foundation
import TestSupport
import Testing

extension EndToEnd {
  /// A FastCGI connection that is idle, silent or stuck keeps no worker from the others.
  @Suite("Kept-alive connections")
  struct KeptAliveTests {
    private let site: Site

    init() throws { site = try .shared() }

    /// Whoever waits for a peer waits for longer than any answer may take: for 30 s.
    private static let patient = ["HOLDFAST_WORKERS": "1", "HOLDFAST_PEER_TIMEOUT": "10m"]

    private func expectAnAnswer(_ service: ServiceProcess) throws {
      #expect(try service.peer().request("GET", "/livez", keepsConnection: false).status == 200)
    }

    @Test func manyMoreThanWorkers() throws {
      let service = try ServiceProcess(on: site, settings: Self.patient)
      let peers = try (0..<200).map { _ in try service.peer() }
      // Half of them have had an answer, the others never said a word.
      for peer in peers.prefix(100) { #expect(try peer.request("GET", "/livez").status == 200) }
      try expectAnAnswer(service)
      // Many more than there are workers stop in the middle of a request.
      for peer in peers.suffix(50) { try peer.sendHalfARequest() }
      try expectAnAnswer(service)
      // And those that were idle are served as before.
      for peer in peers.prefix(150) { #expect(try peer.request("GET", "/livez").status == 200) }
    }

    /// Negative control: while no worker runs, there is no answer.
    @Test func whenNoWorkerRunsThereIsNoAnswer() throws {
      let service = try ServiceProcess(on: site)
      service.signal(SIGSTOP)
      try waitUntil("it stands still") { ProcessTable.isStopped(service.identifier) }
      let waiting = Background { [path = service.socketPath] in
        try FastCGIPeer(path: path).request("GET", "/livez").status
      }
      Clock.sleep(0.3)
      #expect(!waiting.isDone)
      service.signal(SIGCONT)
      #expect(try waiting.value() == 200)
    }

    @Test func aStuckPeerIsGivenUp() throws {
      let service = try ServiceProcess(
        on: site, settings: ["HOLDFAST_WORKERS": "1", "HOLDFAST_PEER_TIMEOUT": "300ms"])
      let stuck = try service.peer()
      try stuck.sendHalfARequest()
      #expect(try service.peer().request("GET", "/livez").status == 200)
      try waitUntil("the stuck one is closed") { stuck.isClosed }
    }

    /// 20 that have never said a word, 20 that have been answered, and 10 more.
    private struct Crowd {
      let service: ServiceProcess
      let silent: [FastCGIPeer]
      let idle: [FastCGIPeer]
      let later: [FastCGIPeer]

      init(
        on site: Site, connections: Int,
        before: (_ silent: [FastCGIPeer], _ idle: [FastCGIPeer]) throws -> Void = { _, _ in }
      ) throws {
        let service = try ServiceProcess(
          on: site,
          settings: ["HOLDFAST_WORKERS": "2", "HOLDFAST_MAX_CONNECTIONS": "\(connections)"])
        func ask(_ count: Int) throws -> [FastCGIPeer] {
          try (0..<count).map { _ in
            let peer = try service.peer()
            #expect(try peer.request("GET", "/livez").status == 200)
            return peer
          }
        }
        self.service = service
        silent = try (0..<20).map { _ in try service.peer() }
        Clock.sleep(1.5)
        idle = try ask(20)
        try before(silent, idle)
        later = try ask(10)
      }
    }

    /// Whoever has been silent for a second gives way first, then the one that has been idle for longest.
    @Test func pastTheLimitIdleOnesGiveWay() throws {
      let crowd = try Crowd(on: site, connections: 20) { silent, idle in
        try waitUntil("the silent ones are closed") { silent.allSatisfy(\.isClosed) }
        #expect(idle.allSatisfy { !$0.isClosed })
      }
      try waitUntil("the oldest are closed") { crowd.idle.prefix(10).allSatisfy(\.isClosed) }
      #expect((crowd.idle.suffix(10) + crowd.later).allSatisfy { !$0.isClosed })
      try expectAnAnswer(crowd.service)
    }

    /// Negative control.
    @Test func withoutTheLimitNobodyGivesWay() throws {
      let crowd = try Crowd(on: site, connections: 2048)
      try expectAnAnswer(crowd.service)
      #expect((crowd.silent + crowd.idle + crowd.later).allSatisfy { !$0.isClosed })
    }

    /// At the limit a new connection waits until one of those that never said a word is old enough.
    @Test func pastTheLimitNewOnesWaitForSilentOnes() throws {
      let service = try ServiceProcess(
        on: site, settings: ["HOLDFAST_WORKERS": "2", "HOLDFAST_MAX_CONNECTIONS": "20"])
      let silent = try (0..<40).map { _ in try service.peer() }
      #expect(try service.peer().request("GET", "/livez").status == 200)
      try waitUntil("a silent one is closed") { silent.contains { $0.isClosed } }
    }

    /// nginx closes its idle connections when it likes; the service notices.
    @Test func closedConnectionsAreForgotten() throws {
      let service = try ServiceProcess(
        on: site, settings: ["HOLDFAST_WORKERS": "2", "HOLDFAST_MAX_CONNECTIONS": "50"])
      for _ in 0..<20 {
        let peers = try (0..<50).map { _ in try service.peer() }
        for peer in peers.prefix(5) { #expect(try peer.request("GET", "/livez").status == 200) }
      }
      let asking = try service.peer()
      try waitUntil("none but the one that asks is open") {
        let metrics = try asking.request("GET", "/metrics").body
        let counts = metrics.matches(
          of: #/holdfast_fastcgi_connections\{state="[a-z]+"\} ([0-9]+)/#)
        return counts.count == 3 && counts.compactMap { Int($0.1) }.reduce(0, +) == 1
      }
    }
  }
}
