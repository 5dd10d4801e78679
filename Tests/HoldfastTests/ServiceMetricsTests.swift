import Foundation
import HoldStore
import Holds
import Testing

@testable import holdfast

/// What the service counts.
@Suite struct ServiceMetricsTests {
  private let metrics = ServiceMetrics(version: "1.2.3")

  private var lines: [Substring] {
    String(decoding: metrics.text(), as: UTF8.self).split(separator: "\n")
  }

  private func lock(_ tickets: [String]) -> HoldOperation {
    .lock(LockRequest(ticketIDs: tickets, reservedSeconds: 60))
  }

  @Test func theVersionIsALabel() {
    #expect(lines.contains(#"holdfast_build_info{version="1.2.3"} 1"#))
  }

  @Test func ticketsAndNotRequestsAreGranted() {
    let grant = HoldGrant(expiresAtUnixMicroseconds: 0, expiresInSeconds: 60)
    metrics.count(.answered(lock(["a", "b"]), .granted(grant)))
    metrics.count(.answered(lock(["c"]), .granted(grant)))
    #expect(lines.contains("holdfast_tickets_granted_total 3"))
  }

  @Test func aRefusalCountsOnceUnderEachOfItsReasons() {
    metrics.count(
      .answered(
        lock(["a", "b", "c"]),
        .refused([
          UnavailableTicket(ticketID: "a", reason: .held),
          UnavailableTicket(ticketID: "b", reason: .held),
          UnavailableTicket(ticketID: "c", reason: .sold),
        ])))
    metrics.count(.answered(lock(["a"]), .failed(.queueFull)))
    #expect(lines.contains(#"holdfast_refusals_total{reason="held"} 1"#))
    #expect(lines.contains(#"holdfast_refusals_total{reason="sold"} 1"#))
    #expect(lines.contains(#"holdfast_refusals_total{reason="queue_full"} 1"#))
    #expect(lines.contains(#"holdfast_refusals_total{reason="contended"} 0"#))
    #expect(lines.contains("holdfast_tickets_granted_total 0"))
  }

  @Test func commitsTellTheirTimeAndSize() {
    metrics.count(.begun(waitMicroseconds: [400, 600]))
    metrics.count(.committed(operations: 2, microseconds: 1000))
    #expect(lines.contains(#"holdfast_commit_duration_seconds_bucket{le="0.0005"} 0"#))
    #expect(lines.contains(#"holdfast_commit_duration_seconds_bucket{le="0.001"} 1"#))
    #expect(lines.contains("holdfast_commit_operations_sum 2"))
    #expect(lines.contains("holdfast_queue_wait_seconds_count 2"))
    #expect(lines.contains("holdfast_queue_wait_seconds_sum 0.001"))
  }

  @Test func putOffsRetriesAndResolutions() {
    metrics.count(.deferred(operations: 3))
    metrics.count(.batchResolved(.rerun, operations: 5))
    metrics.count(.batchResolved(.unknown, operations: 7))
    #expect(lines.contains("holdfast_deferred_operations_total 3"))
    #expect(lines.contains("holdfast_retried_operations_total 5"))
    #expect(lines.contains(#"holdfast_batch_resolutions_total{result="unknown"} 1"#))
  }

  @Test func unknownPathsAndStatusesMakeNoLabels() {
    let requests = metrics.addRequests(paths: ["/a"])
    requests.count(path: "/a", status: 200, nanoseconds: 1_000_000)
    requests.count(path: "/a", status: 299, nanoseconds: 1_000_000)
    requests.count(path: "/made-up", status: 404, nanoseconds: 1_000_000)
    let counts = lines.filter { $0.hasPrefix("holdfast_requests_total{") }
    #expect(
      Set(counts) == [
        #"holdfast_requests_total{endpoint="/a",code="200"} 1"#,
        #"holdfast_requests_total{endpoint="/a",code="500"} 0"#,
        #"holdfast_requests_total{endpoint="/a",code="503"} 0"#,
        #"holdfast_requests_total{endpoint="/a",code="other"} 1"#,
        #"holdfast_requests_total{endpoint="other",code="404"} 1"#,
      ])
    #expect(lines.contains(#"holdfast_request_duration_seconds_count{endpoint="/a"} 2"#))
  }

  @Test func nothingIsLostWhenManyThreadsCount() async {
    let requests = metrics.addRequests(paths: ["/a"])
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<8 {
        group.addTask {
          for _ in 0..<10_000 { requests.count(path: "/a", status: 200, nanoseconds: 1) }
        }
      }
    }
    #expect(lines.contains(#"holdfast_requests_total{endpoint="/a",code="200"} 80000"#))
    #expect(lines.contains(#"holdfast_request_duration_seconds_count{endpoint="/a"} 80000"#))
  }

  @Test func theProcessIsToldOf() throws {
    func value(_ name: String) throws -> Double {
      let line = try #require(lines.first { $0.hasPrefix(name + " ") })
      return try #require(Double(line.dropFirst(name.count + 1)))
    }
    #expect(try value("process_cpu_seconds_total") > 0)
    #expect(try value("process_resident_memory_bytes") > 1_000_000)
    #expect(
      try value("process_virtual_memory_bytes") >= value("process_resident_memory_bytes"))
    #expect(try value("process_open_fds") >= 3)
    #expect(try value("process_open_fds") <= value("process_max_fds"))
    #expect(try value("process_threads") >= 1)
    let age = Date.now.timeIntervalSince1970 - (try value("process_start_time_seconds"))
    #expect((-1...86_400).contains(age))
  }
}
