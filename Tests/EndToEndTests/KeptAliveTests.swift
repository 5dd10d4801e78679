import Foundation
import TestSupport
import Testing

extension EndToEnd {
  /// A FastCGI connection that is idle, silent or stuck keeps no worker from the others.
  @Suite("Kept-alive connections")
  struct KeptAliveTests {
    private let site: Site

    init() throws { site = try .shared() }

    private func expectAnAnswer(_ service: ServiceProcess) throws {
      #expect(try service.peer().request("GET", "/livez", keepsConnection: false).status == 200)
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
  }
}
