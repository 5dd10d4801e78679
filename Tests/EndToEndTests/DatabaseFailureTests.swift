import Foundation
import TestSupport
import Testing

extension EndToEnd {
  /// PostgreSQL hung or away for longer than a request may take: answers come all the same and are true,
  /// and the service recovers by itself.
  @Suite(
    "PostgreSQL fails",
    .site([
      "HOLDFAST_DEMO_TICKETS": "0", "HOLDFAST_REQUEST_TIMEOUT": "5s",
      "HOLDFAST_STATEMENT_TIMEOUT": "2s", "HOLDFAST_READY_TIMEOUT": "1s",
    ]))
  struct DatabaseFailureTests {
    private let site: Site

    init() throws {
      site = try .ofSuite()
      try site.database().run("TRUNCATE tickets_blocked; TRUNCATE tickets")
      try site.addTickets("F-", count: 100_000)
    }

    /// Every grant is in the table; every failure says what became of it, and tells the truth.
    private func check(_ outcome: SteadyLoad.Outcome) {
      let lost = outcome.granted.subtracting(outcome.held)
      #expect(lost.isEmpty, "granted and not in the table: \(lost)")
      for answer in outcome.answers where answer.status != 200 {
        #expect(answer.status == 503)
        #expect(answer.response?["Retry-After"] == "1")
        #expect(answer.response?.data["valido"] as? Bool == false)
        let message = answer.response?.message ?? ""
        let isUnknown = message.hasSuffix("outcome unknown")
        #expect(isUnknown || message.hasSuffix("nothing was changed"), "\(message)")
        #expect(
          isUnknown || !outcome.held.contains(answer.ticket),
          "\(message), but \(answer.ticket) is held")
      }
    }

    private func waitForRecovery() throws {
      let http = site.http()
      try waitUntil("recovery") {
        try http.lock(["F-100000"], holdID: "recovered-recovered").status == 200
      }
    }

    /// Nobody's answer waits for PostgreSQL, which goes on only after all of them.
    @Test func hungUntilEverybodyHasAnAnswer() throws {
      let load = SteadyLoad(site, prefix: "F-")
      try load.waitForGrants(50)
      let processes = ProcessTable.children(of: site.postgresID) + [site.postgresID]
      for process in processes { kill(process, SIGSTOP) }
      defer { for process in processes { kill(process, SIGCONT) } }
      #expect(try site.http().get("/readyz").status == 503)
      try waitUntil("every client has an answer") {
        Set(load.current.filter { $0.status == 503 }.map(\.client)).count == load.clientCount
      }
      for process in processes { kill(process, SIGCONT) }
      try waitForRecovery()
      try load.waitForGrants(50)
      let outcome = try load.finish()
      check(outcome)
      #expect(outcome.answers.contains { $0.status == 503 })
    }

    @Test func awayWhenTheServiceStarts() throws {
      try site.service("stop", "holdfast")
      try site.service("stop", "postgres")
      try site.service("start", "holdfast")
      let http = site.http()
      #expect(try http.get("/livez").body == Answer.alive)
      let readiness = try http.get("/readyz")
      #expect(readiness.status == 503)
      #expect(
        readiness.body
          == #"{"message":"Not ready","status":503,"data":{"database":"unreachable","stopping":false}}"#
      )
      let refusal = try http.lock(["F-1"])
      #expect(
        refusal.body == Answer.bad("Database not reached in time; nothing was changed", status: 503)
      )
      #expect(refusal["Retry-After"] == "1")
      try site.service("start", "postgres")
      try waitForRecovery()
      #expect(try http.get("/readyz").body == Answer.ready)
    }

    /// A forgotten transaction keeps a row locked: those who need it are told, others notice nothing.
    @Test func aForgottenTransaction() throws {
      let database = try site.database()
      try database.run(
        """
        INSERT INTO tickets_blocked (ticket_id, locked_up) VALUES ('F-90000', now() - interval '1 s')
        """)
      let forgotten = try site.database()
      try forgotten.run("BEGIN; SELECT * FROM tickets_blocked FOR UPDATE")
      let port = site.httpPort
      let stuck = (0..<4).map { index in
        Background { try HTTPConnection(port: port).lock(["F-90000", "F-9100\(index)"]) }
      }
      let load = SteadyLoad(site, prefix: "F-", clients: 4)
      for request in stuck {
        let answer = try request.value()
        #expect(
          answer.body
            == Answer.bad(
              "Tickets busy: another request or transaction kept them; nothing was changed",
              status: 503
            ))
        #expect(answer["Retry-After"] == "1")
      }
      let others = try load.finish().answers
      #expect(others.allSatisfy { $0.status == 200 })
      // Had they waited for the row as well, each client would have had an answer or two by now.
      #expect(others.count > 40)
      try forgotten.run("ROLLBACK")
      #expect(try site.http().lock(["F-90000", "F-91000"]).status == 200)
      #expect(try site.http().lock(["F-91001"]).status == 200)
    }
  }
}
