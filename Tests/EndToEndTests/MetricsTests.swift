import Foundation
import TestSupport
import Testing

extension EndToEnd {
  /// What `/metrics` counts, who may read it, and the trace ids in the logs.
  @Suite(
    "Metrics",
    .site([
      "HOLDFAST_INSTANCES": "2", "HOLDFAST_DEMO_TICKETS": "0", "HOLDFAST_SWEEP_INTERVAL": "1s",
      "HOLDFAST_LOG_LEVEL": "debug", "HOLDFAST_TRUSTED_PROXIES": "127.0.0.1",
    ]))
  struct MetricsTests {
    private static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"

    private let site: Site

    init() throws {
      site = try .ofSuite()
      try site.database().run("TRUNCATE tickets_blocked; TRUNCATE tickets")
      try site.addTickets("M-", count: 9)
    }

    @Test func countsGoUpByWhatWasAsked() throws {
      let http = site.http()
      let before = try MetricsSample(site)
      #expect(try http.lock(["M-1", "M-2"]).status == 200)
      #expect(try http.lock(["M-3"]).status == 200)
      #expect(try http.lock(["M-1", "M-3", "M-none"]).status == 400)
      #expect(try http.post("/tickets_lock", "no JSON").status == 400)
      #expect(try http.release(["M-1"]).status == 200)
      #expect(try http.releaseExpired().status == 200)
      let after = try MetricsSample(site)
      func increase(_ series: String) -> Double { after[series] - before[series] }
      func requests(_ path: String, _ code: Int) -> Double {
        increase("holdfast_requests_total{endpoint=\"\(path)\",code=\"\(code)\"}")
      }
      #expect(requests("/tickets_lock", 200) == 2)
      #expect(requests("/tickets_lock", 400) == 2)
      #expect(requests("/tickets_unlock_param", 200) == 1)
      #expect(requests("/tickets_unlock", 200) == 1)
      #expect(
        increase("holdfast_request_duration_seconds_count{endpoint=\"/tickets_lock\"}") == 4)
      #expect(increase("holdfast_tickets_granted_total") == 3)
      #expect(increase("holdfast_refusals_total{reason=\"held\"}") == 1)
      #expect(increase("holdfast_refusals_total{reason=\"unknown\"}") == 1)
      #expect(increase("holdfast_refusals_total{reason=\"sold\"}") == 0)
      // A refusal is decided in a commit, too; what cannot be read never gets there.
      #expect(increase("holdfast_commit_operations_sum") == 4)
      #expect(increase("holdfast_queue_wait_seconds_count") == 4)
      #expect(after["holdfast_queue_limit"] == 2048)
    }

    @Test func sweepsAreCounted() throws {
      let http = site.http()
      let removed = "holdfast_expired_holds_removed_total"
      let before = try MetricsSample(site)[removed]
      #expect(try http.lock(["M-1"], seconds: 1).status == 200)
      #expect(try http.lock(["M-2"], seconds: 600).status == 200)
      try waitUntil("the sweep") { try MetricsSample(site)[removed] > before }
      #expect(try MetricsSample(site)[removed] == before + 1)
      // Each instance counts what it sees.
      try waitUntil("the count") {
        try MetricsSample(site)["holdfast_live_holds"] == 2
      }
      #expect(try MetricsSample(site).has("holdfast_sweep_age_seconds"))
    }

    @Test func noLabelTellsOfATicketOrAHold() throws {
      let holdID = "a-hold-id-that-is-a-secret"
      #expect(try site.http().lock(["M-4"], holdID: holdID).status == 200)
      _ = try site.http().get("/tickets_lock/M-4")
      let labels = try MetricsSample(site).series.joined()
      #expect(!labels.contains("M-4") && !labels.contains(holdID))
    }

    @Test(arguments: ["/metrics", "/metrics/1"]) func onlyThisMachineMayRead(path: String) throws {
      let answer = try site.http().get(path)
      #expect(answer.status == 200)
      #expect(answer["Content-Type"] == "text/plain; version=0.0.4")
      #expect(answer["Cache-Control"] == "no-store")
      // nginx takes the client's address from this trusted proxy.
      let remote = try site.http().exchange(
        "GET \(path) HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 203.0.113.9\r\n\r\n")
      #expect(remote.status == 404)
      #expect(remote.body == Answer.notFound)
    }

    @Test(arguments: ["/metrics", "/metrics/2"]) func methods(path: String) throws {
      let post = try site.http().post(path, "")
      #expect(post.status == 405)
      #expect(post["Allow"] == "GET, HEAD")
      #expect(post.body == Answer.http(405, "Method not allowed: this path takes GET, HEAD"))
      let wire = Wire(site)
      let head = try wire.send([Exchange("HEAD", path, status: 200, answer: "")])[0]
      #expect(head.status == 200 && head.body.isEmpty)
      #expect(try site.http().get("/metrics/3").status == 404)
    }

    /// What is counted is the answer that was sent: a long one waits for a thread, and another is sent
    /// instead of it when none becomes free.
    @Test func aLongAnswerThatIsNotSentIsNoSuccess() throws {
      let event = try SeatEvent(on: site, seats: 20_000)
      defer { _ = try? event.database.run("DELETE FROM tickets WHERE event_id = '\(event.id)'") }
      let service = try ServiceProcess(
        on: site,
        settings: [
          "HOLDFAST_LONG_ANSWERS": "1", "HOLDFAST_LONG_ANSWER_WAIT": "100ms",
          "HOLDFAST_LOG_LEVEL": "debug", "HOLDFAST_RETRY_AFTER": "3s",
        ])
      try service.waitUntilReady()
      let peer = try service.peer()
      func counted(_ code: Int) throws -> Bool {
        let labels = "endpoint=\"/tickets_list_event\",code=\"\(code)\""
        return try peer.request("GET", "/metrics").body.contains(
          "holdfast_requests_total{\(labels)} 1\n")
      }
      let body = #"{"data":{"event_id":"\#(event.id)"}}"#
      // It reads nothing, and keeps the thread.
      let deaf = try service.peer()
      try deaf.send("POST", "/tickets_list_event", body: body)
      try waitUntil("the long answer is being sent") { try counted(200) }
      let busy = try peer.request("POST", "/tickets_list_event", body: body)
      #expect(busy.status == 503)
      #expect(busy["Retry-After"] == "3")
      #expect(try counted(200) && counted(503))
      try waitUntil("the log line") {
        service.log.split(separator: "\n").contains {
          $0.contains(#""path":"/tickets_list_event""#) && $0.contains(#""status":"503""#)
        }
      }
      #expect(try deaf.readResponse().status == 200)
    }

    @Test func turnedOffThereAreNone() throws {
      let service = try ServiceProcess(on: site, settings: ["HOLDFAST_METRICS": "false"])
      let answer = try service.peer().request("GET", "/metrics")
      #expect(answer.status == 404)
      #expect(answer.body == Answer.notFound)
    }

    @Test func logsNameTheTrace() throws {
      func lock(_ traceparent: String, _ identifier: String) throws -> String {
        let headers = ["traceparent: \(traceparent)", "X-Request-Id: \(identifier)"]
        let body = RequestText.lock(["M-5"])
        _ = try site.http().post("/tickets_lock", body, headers: headers)
        var line = ""
        try waitUntil("the log line") {
          let logs = try ["holdfast-1", "holdfast-2"].map { try site.log($0) }.joined()
          line =
            logs.split(separator: "\n").last { $0.contains("\"\(identifier)\"") }
            .map(String.init) ?? ""
          return !line.isEmpty
        }
        return line
      }
      let good = try lock("00-\(Self.trace)-00f067aa0ba902b7-01", "with-a-trace")
      #expect(good.contains("\"trace_id\":\"\(Self.trace)\""))
      let bad = try lock("00-\(Self.trace)-00f067aa0ba902b7-01-x", "with-a-bad-trace")
      #expect(!bad.contains("trace_id"))
      // nginx writes its log once a second.
      try waitUntil("nginx's log line") {
        let log = try site.log("nginx-access")
        return log.contains("\"request_id\":\"with-a-trace\",\"trace_id\":\"\(Self.trace)\"")
          && log.contains("\"request_id\":\"with-a-bad-trace\",\"trace_id\":\"\"")
      }
    }
  }
}
