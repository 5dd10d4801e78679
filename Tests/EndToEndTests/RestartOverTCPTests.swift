import Foundation
import TestSupport
import Testing

extension EndToEnd {
  /// Instances that listen on ports, as on hosts of their own, are restarted one after the other.
  @Suite("Restart over TCP", .site(["HOLDFAST_INSTANCES": "2", "HOLDFAST_DEMO_TICKETS": "0"]))
  struct RestartOverTCPTests {
    /// Has nginx ask these ports instead of the site's own instances.
    private func redirect(_ site: Site, to ports: [Int]) throws {
      let path = site.directory + "/nginx/conf.d/holdfast.conf"
      var text = try String(contentsOfFile: path, encoding: .utf8)
      for (socket, port) in zip(site.sockets, ports) {
        text.replace("\"unix:\(socket)\" max_fails=0", with: "127.0.0.1:\(port) fail_timeout=1s")
      }
      try text.write(toFile: path, atomically: true, encoding: .utf8)
      let nginx = try #require(pid_t(site["NGINX_PID"]))
      let old = Set(ProcessTable.children(of: nginx))
      kill(nginx, SIGHUP)
      // Until they have gone, they may take a connection and close it, or ask the site's own instances.
      try waitUntil("the workers are new ones") {
        old.isDisjoint(with: ProcessTable.children(of: nginx))
      }
    }

    /// One that nobody listens on, below the range from which the kernel takes those of connections.
    private func freePort() -> Int {
      while true {
        let port = Int.random(in: 10_000..<30_000)
        if (try? Socket(port: port)) == nil { return port }
      }
    }

    @Test func aRollingRestartRefusesNobody() throws {
      let site = try Site.ofSuite()
      try site.addTickets("N-", count: 100_000)
      let ports = [freePort(), freePort()]
      func start(_ port: Int) throws -> ServiceProcess {
        try ServiceProcess(on: site, listen: "127.0.0.1:\(port)")
      }
      var services = try ports.map(start)
      try redirect(site, to: ports)
      try site.service("kill", "holdfast")
      try waitUntil("nginx asks the ports") { try site.http().get("/livez").status == 200 }
      let outcome = try SteadyLoad.during(site, prefix: "N-", grants: 200, pause: 0.005) { load in
        for (index, port) in ports.enumerated() {
          services[index].signal(SIGTERM)
          #expect(services[index].wait(seconds: 60) == 0)
          services[index] = try start(port)
          // As the package's helper waits: nginx leaves one that has refused a connection alone for a second.
          Clock.sleep(2)
          try load.waitForGrants(200)
        }
      }
      #expect(outcome.told == ["200 Tickets blocked"])
      #expect(outcome.held == outcome.granted)
    }
  }
}
