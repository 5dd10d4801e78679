import Foundation
import TestSupport
import Testing

extension EndToEnd {
  /// The log goes to a pipe whose reader stops, as a hung log collector does.
  @Suite("Log")
  struct LogTests {
    /// Their lines have more bytes than a pipe and the default queue hold.
    private static let requests = 10_000

    /// The service with its log in a pipe that nobody reads yet.
    private struct Service {
      let process: ServiceProcess
      let peer: FastCGIPeer
      private let pipe = Pipe()

      init(settings more: [String: String] = [:]) throws {
        let settings = ["HOLDFAST_LOG_LEVEL": "debug", "HOLDFAST_SHUTDOWN_TIMEOUT": "2s"]
        process = try ServiceProcess(
          on: .shared(), settings: settings.merging(more) { $1 },
          output: pipe.fileHandleForWriting.fileDescriptor)
        // The pipe ends with the service.
        try pipe.fileHandleForWriting.close()
        peer = try process.peer()
      }

      /// Stops it, whether or not anybody reads its log.
      func stop() {
        process.signal(SIGTERM)
        #expect(process.wait(seconds: 30) == 0)
      }

      /// Each of these requests is logged.
      func ask(_ requests: Int = LogTests.requests) throws {
        for _ in 0..<requests {
          #expect(try peer.request("GET", "/livez").status == 200)
        }
      }

      func lostLines() throws -> Double {
        let name = "holdfast_log_lines_lost_total "
        let line = try peer.request("GET", "/metrics").body.split(separator: "\n")
          .first { $0.hasPrefix(name) }
        return line.flatMap { Double($0.dropFirst(name.count)) } ?? -1
      }

      /// Reads the log to its end.
      func readLog() -> Background<Data> {
        let reader = pipe.fileHandleForReading
        return Background { try reader.readToEnd() ?? Data() }
      }
    }

    @Test func aReaderThatStopsHoldsUpNobody() throws {
      let service = try Service()
      try service.ask()
      #expect(try service.lostLines() > 0)
      service.stop()
    }

    /// The lines of these requests have more bytes than a pipe and the shorter queue hold, and fewer
    /// than the default queue.
    @Test(arguments: [(["HOLDFAST_LOG_QUEUE_BYTES": "16384"], true), ([:], false)])
    func theQueueIsAsLongAsTheSettingSays(settings: [String: String], losesLines: Bool) throws {
      let service = try Service(settings: settings)
      try service.ask(1000)
      #expect((try service.lostLines() > 0) == losesLines)
      service.stop()
    }

    @Test func theLogSaysHowManyLinesWereLost() throws {
      let service = try Service()
      try service.ask()
      let lost = try service.lostLines()
      let log = service.readLog()
      service.stop()
      let lines = String(decoding: try log.value(), as: UTF8.self).split(separator: "\n")
      let objects = try lines.map {
        try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: String])
      }
      let told = objects.filter { $0["message"] == "log lines lost" }
        .compactMap { $0["lines"].flatMap { Double($0) } }
      #expect(told.reduce(0, +) >= lost && lost > 0)
      let answered = objects.count { $0["message"] == "answered" }
      #expect(Double(answered) + told.reduce(0, +) >= Double(Self.requests))
      #expect(objects.last?["message"] == "stopped", "it waits for the log at its end")
    }
  }
}
